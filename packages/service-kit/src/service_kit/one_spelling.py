"""Serves a path with a slash at its end as the one without: a redirect would lead around the proxy that was asked."""

from starlette.types import ASGIApp, Receive, Scope, Send


class OneSpelling:
    """ASGI middleware that takes slashes off the end of a path. Paths below `but` stay as they are."""

    def __init__(self, app: ASGIApp, *, but: str | None = None) -> None:
        self._app = app
        self._but = but

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under the one spelling of its path."""
        if scope["type"] == "http" and scope["path"].endswith("/"):
            path = scope["path"].rstrip("/") or "/"
            if self._but is None or not scope["path"].startswith(self._but):
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)
