"""Makes a flood of refused requests cheap, as pure ASGI around the whole app of a process.

What is refused for its rate is answered after a pause. A large body that the app did not read is not read at all: the
server would take it from the network to the last byte. Its connection is closed, once the answer had time to arrive.
"""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAUSE_SECONDS = 0.5
LINGER_SECONDS = 1.0
SMALL_BYTES = 65_536
"""The server reads as much ahead, whether the app asks for it or not."""


class FloodGuard:
    """Passes requests on, and looks at how they are answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        unread, closes = _announced(Headers(scope=scope)) > SMALL_BYTES, False

        async def heard() -> Message:
            nonlocal unread
            message = await receive()
            unread = unread and bool(message.get("more_body"))
            return message

        async def answered(message: Message) -> None:
            nonlocal closes
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if any(name.endswith("-error") and reason == "rate" for name, reason in headers.items()):
                    await asyncio.sleep(PAUSE_SECONDS)
                if closes := unread:
                    headers["connection"] = "close"
            elif closes and not message.get("more_body"):
                await send({**message, "more_body": True})
                await asyncio.sleep(LINGER_SECONDS)
                message = {"type": "http.response.body"}
            await send(message)

        await self._app(scope, heard, answered)


def _announced(headers: Headers) -> int:
    """Return how many bytes of body a request announces; one in chunks may have any number."""
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        return int(length)
    return SMALL_BYTES + 1 if "transfer-encoding" in headers else 0
