"""A streamed response that may be cut off in the middle, or may never begin."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


async def forever() -> AsyncIterator[bytes]:
    """Yield nothing, and never end."""
    await asyncio.Event().wait()
    yield b""


class Stream(Response):
    """Sends chunks as they come and stops when the client leaves.

    With `cut` the connection is closed without the body's end; with no `status` not even the head is sent. `left` is
    called when the client leaves before the end.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        *,
        content_type: str = "text/event-stream; charset=utf-8",
        headers: Mapping[str, str] | None = None,
        cut: bool = False,
        status: int | None = 200,
        left: Callable[[], None] = lambda: None,
    ) -> None:
        names = {
            "content-type": content_type,
            "cache-control": "no-cache",
            "request-id": f"req_{secrets.token_hex(12)}",
        }
        super().__init__(None, status or 200, headers={**names, **(headers or {})})
        del self.headers["content-length"]
        self._chunks = chunks
        self._cut = cut
        self._begins = status is not None
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the chunks end or the client has gone."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                self._left()
        finally:
            for task in (sending, leaving):
                task.cancel()
            results = await asyncio.gather(sending, leaving, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, OSError):
                raise result

    async def _send(self, send: Send) -> None:
        if self._begins:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if not self._cut:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
