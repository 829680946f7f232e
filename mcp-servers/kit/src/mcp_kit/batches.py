"""Refuses JSON-RPC batches over HTTP, which the protocol no longer has. Pure ASGI; the SDK would show what it read."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INVALID_REQUEST = -32600
NO_BATCHES = "send one message at a time: batches are not part of the protocol any more"
WHITE_SPACE = b" \t\r\n"
MOST_BLANK_BYTES = 4_096


class WithoutBatches:
    """Answer 400 with an error of the protocol to a POST whose body is a list.

    It stands behind the check of tokens: the body of a caller without one is not waited for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        stranger = "user" in scope and not scope["user"].is_authenticated
        if scope["type"] != "http" or scope["method"] != "POST" or stranger:
            await self._app(scope, receive, send)
            return
        read: list[Message] = []
        begun = b""
        while not begun and sum(len(one.get("body", b"")) for one in read) <= MOST_BLANK_BYTES:
            read.append(await receive())
            begun = read[-1].get("body", b"").lstrip(WHITE_SPACE)
            if not read[-1].get("more_body"):
                break
        if begun.startswith(b"["):
            error = {"code": INVALID_REQUEST, "message": NO_BATCHES}
            await JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)(scope, receive, send)
            return

        async def again() -> Message:
            return read.pop(0) if read else await receive()

        await self._app(scope, again, send)
