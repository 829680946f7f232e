"""Host and Origin checks as pure ASGI: what keeps a web page from reaching a server on this machine."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
HEALTH_PATHS = frozenset({"/health", "/ready", "/metrics"})


@dataclass(frozen=True)
class Misdirected:
    """A request that is not for this process; `reason` is `host` or `origin`."""

    status: int
    reason: str
    message: str
    remedy: str


def as_json(misdirected: Misdirected) -> Response:
    """Answer with message, reason and remedy, as processes without a form of their own do."""
    document = asdict(misdirected)
    return JSONResponse(document, document.pop("status"))


class HostGuard:
    """Refuse requests whose Host (421) or Origin (403) is not ours; loopback names with any port always are.

    Args:
        app: what is guarded.
        allowed_hosts: names besides loopback's.
        allowed_origins: web origins besides loopback's.
        exempt: paths that anybody may ask for.
        answer: puts a refusal into the process's own form.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: Iterable[str] = (),
        allowed_origins: Iterable[str] = (),
        exempt: frozenset[str] = HEALTH_PATHS,
        answer: Callable[[Misdirected], Response] = as_json,
    ) -> None:
        self._app = app
        self._hosts = {host.lower() for host in allowed_hosts}
        self._origins = {origin.lower().rstrip("/") for origin in allowed_origins}
        self._exempt = exempt
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "http" and scope["path"] not in self._exempt:
            misdirected = self._misdirected(Headers(scope=scope))
            if misdirected is not None:
                await self._answer(misdirected)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _misdirected(self, headers: Headers) -> Misdirected | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._known_host(hosts[0].lower()):
            shown = ", ".join(hosts)[:200] or "(none)"
            return Misdirected(421, "host", f"Host {shown!r} is not served here", "Add it to ALLOWED_HOSTS.")
        for origin in headers.getlist("origin"):
            if not self._known_origin(origin.lower().rstrip("/")):
                message = f"Origin {origin[:200]!r} is not allowed here"
                return Misdirected(403, "origin", message, "Add it to ALLOWED_ORIGINS.")
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
