"""Host and Origin checks as pure ASGI: what keeps a web page from reaching a server on this machine."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
HEALTH_PATHS = frozenset({"/health", "/ready", "/metrics"})


class HostGuard:
    """Refuse requests whose Host (421) or Origin (403) is not ours; loopback names with any port always are."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: Iterable[str] = (),
        allowed_origins: Iterable[str] = (),
        exempt: frozenset[str] = HEALTH_PATHS,
    ) -> None:
        self._app = app
        self._hosts = {host.lower() for host in allowed_hosts}
        self._origins = {origin.lower().rstrip("/") for origin in allowed_origins}
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "http" and scope["path"] not in self._exempt:
            refusal = self._refusal(Headers(scope=scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._known_host(hosts[0].lower()):
            shown = ", ".join(hosts)[:200] or "(none)"
            return PlainTextResponse(f"Host {shown!r} is not served here: add it to ALLOWED_HOSTS\n", status_code=421)
        for origin in headers.getlist("origin"):
            if not self._known_origin(origin.lower().rstrip("/")):
                text = f"Origin {origin[:200]!r} is not allowed here: add it to ALLOWED_ORIGINS\n"
                return PlainTextResponse(text, status_code=403)
        return None

    def _known_host(self, host: str) -> bool:
        return host in self._hosts or _name(host) in LOOPBACK_NAMES or _name(host) in self._hosts

    def _known_origin(self, origin: str) -> bool:
        if origin in self._origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in {"http", "https"} and (parts.hostname or "") in LOOPBACK_NAMES


def _name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isascii() and port.isdigit() else host
