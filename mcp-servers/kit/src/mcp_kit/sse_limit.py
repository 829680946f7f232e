"""Caps the open SSE connections of a process, as pure ASGI: each holds memory for as long as its client likes."""

from service_kit.forwarded import prefix_of
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_kit.metrics import Metrics

SSE_PATH = "/sse"


class SseCap:
    """Answer 503 to an SSE connection when `most` connections are open."""

    def __init__(self, app: ASGIApp, *, most: int, metrics: Metrics) -> None:
        self._app = app
        self._most = most
        self._open = 0
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http" or scope["path"] != SSE_PATH or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        if self._open >= self._most:
            text = f"{self._most} SSE connections are open, and no more are taken: use /mcp, or try again later\n"
            await PlainTextResponse(text, status_code=503, headers={"retry-after": "30"})(scope, receive, send)
            return
        self._open += 1
        self._metrics.sse_connections.set(self._open)
        prefix = prefix_of(scope)
        try:
            # The SDK puts `root_path` before the address to which it tells the client to post.
            await self._app({**scope, "root_path": prefix, "path": prefix + SSE_PATH}, receive, send)
        finally:
            self._open -= 1
            self._metrics.sse_connections.set(self._open)
