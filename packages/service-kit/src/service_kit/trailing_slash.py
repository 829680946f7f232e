"""Serves a path with a slash at its end as the one without: a redirect would lead around the proxy that was asked."""

from starlette.types import ASGIApp, Receive, Scope, Send


class WithoutTrailingSlash:
    """ASGI middleware that takes slashes off the end of a path, unless it begins with one of `kept`."""

    def __init__(self, app: ASGIApp, *, kept: tuple[str, ...] = ()) -> None:
        self._app = app
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and scope["raw_path"].endswith(b"/") and not scope["path"].startswith(self._kept):
            path, raw_path = scope["path"].rstrip("/") or "/", scope["raw_path"].rstrip(b"/") or b"/"
            scope = {**scope, "path": path, "raw_path": raw_path}
        await self._app(scope, receive, send)
