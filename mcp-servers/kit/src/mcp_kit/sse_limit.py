"""Bounds the open SSE connections of a process, as pure ASGI: each holds memory for as long as its client likes."""

from service_kit.connection_limit import RETRY_SECONDS, ConnectionLimit, TooManyConnections
from service_kit.forwarded import prefix_of
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_kit.caller import Callers, caller_of

SSE_PATH = "/sse"


class SseLimit:
    """Refuse an SSE connection over the bounds of all, of the caller's tenant or of the caller.

    Where `callers` is given, a request without a token that it knows is passed on, to be refused as any other.
    """

    def __init__(self, app: ASGIApp, *, limit: ConnectionLimit, callers: Callers | None) -> None:
        self._app = app
        self._limit = limit
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http" or scope["path"] != SSE_PATH or scope["method"] != "GET":
            return await self._app(scope, receive, send)
        caller = caller_of(scope, self._callers)
        if caller is None:
            return await self._app(scope, receive, send)
        prefix = prefix_of(scope)
        try:
            with self._limit.held(caller.tenant, caller.id):
                # The SDK puts `root_path` before the address to which it tells the client to post.
                await self._app({**scope, "root_path": prefix, "path": prefix + SSE_PATH}, receive, send)
        except TooManyConnections as error:
            text, headers = f"{error}, or use /mcp\n", {"retry-after": str(RETRY_SECONDS)}
            await PlainTextResponse(text, status_code=error.status, headers=headers)(scope, receive, send)
