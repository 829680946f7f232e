"""Checks of Host and Origin as ASGI middleware, so that only allowed web pages reach a server on this machine."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service_kit.forwarded import Network, forwarded

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
LOOPBACK_ORIGIN = f"https?://({'|'.join(map(re.escape, sorted(LOOPBACK_NAMES)))})(:[0-9]+)?"
EXPOSED = ("mcp-session-id", "www-authenticate", "retry-after", "link")
"""Headers of answers that a page's script may read, besides those that it always may."""
HEALTH_PATHS = frozenset({"/health", "/ready", "/metrics"})
"""They are not checked."""


@dataclass(frozen=True)
class Misdirected:
    """A refusal of a request that is not meant for this process; `reason` is `host` or `origin`."""

    status: int
    reason: str
    message: str
    remedy: str


def as_json(misdirected: Misdirected) -> Response:
    """Return the refusal as JSON with message, reason and remedy, for processes without a format of their own."""
    document = asdict(misdirected)
    return JSONResponse(document, document.pop("status"))


class HostGuard:
    """Refuse a request whose Host (421) or Origin (403) is not allowed. Loopback names are, with any port.

    The `proxies` are believed what a request's address was, see `forwarded`. With `browsers` pages of the allowed
    origins may call by script (CORS). They show tokens in a header of their own accord, so that browsers need to send
    no credentials.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: Iterable[str] = (),
        allowed_origins: Iterable[str] = (),
        proxies: Sequence[Network] = (),
        answer: Callable[[Misdirected], Response] = as_json,
        browsers: bool = False,
    ) -> None:
        self._app = app
        self._hosts = {host.lower() for host in allowed_hosts}
        self._origins = {origin.lower().rstrip("/") for origin in allowed_origins}
        if browsers:
            self._app = CORSMiddleware(
                app,
                allow_origins=tuple(self._origins),
                allow_origin_regex=LOOPBACK_ORIGIN,
                allow_methods=("GET", "POST", "DELETE"),
                allow_headers=("*",),
                expose_headers=EXPOSED,
            )
        self._answer = answer
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "http":
            scope = forwarded(scope, self._proxies)
        if scope["type"] == "http" and scope["path"] not in HEALTH_PATHS:
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
