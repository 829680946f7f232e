"""Keeps what was asked, so that a test can say what reached the vendor: without the credential."""

import functools
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stand_ins.kit.faults import CONTROLS, ENTRY

KEPT_REQUESTS = 5000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
NOT_THE_VENDORS = (CONTROLS, "/health", "/ready", "/metrics")


@dataclass
class Exchange:
    """One request and its reply, whole; `status` is None when no reply began.

    `path` is still encoded; `media` is the media type of the body that was `sent`.
    """

    method: str
    path: str
    query: str
    media: str
    sent: bytes
    status: int | None = None
    headers: Headers = field(default_factory=Headers)
    got: bytearray = field(default_factory=bytearray)


Watch = Callable[[Exchange], None]


class RequestLog:
    """Passes requests on and keeps the last ones: when, method, path, query, headers, body, status.

    Args:
        app: what answers.
        kept: how many requests are kept.
        secret: names of headers with a credential, beyond those that every vendor's log leaves out.
        watch: is told each exchange when it is over.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        kept: int = KEPT_REQUESTS,
        secret: frozenset[str] = frozenset(),
        watch: Watch | None = None,
    ) -> None:
        self._app = app
        self._secret = SECRET_HEADERS | {name.lower() for name in secret}
        self._watch = watch
        self.entries: deque[dict[str, Any]] = deque(maxlen=kept)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note it."""
        if scope["type"] != "http" or scope["path"].startswith(NOT_THE_VENDORS):
            await self._app(scope, receive, send)
            return
        entry = _entry(scope, self._secret)
        self.entries.append(entry)
        media = Headers(scope=scope).get("content-type", "").partition(";")[0].strip()
        seen = Exchange(entry["method"], entry["path"], entry["query"], media, await _body(receive))
        entry["body"] = _read(seen.sent)
        waiting: list[Message] = [{"type": "http.request", "body": seen.sent, "more_body": False}]

        async def heard() -> Message:
            return waiting.pop() if waiting else await receive()

        @functools.wraps(send)
        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = entry["status"] = message["status"]
                seen.headers = Headers(raw=list(message["headers"]))
            elif self._watch is not None:
                seen.got += message.get("body", b"")
            await send(message)

        await self._app({**scope, ENTRY: entry}, heard, answered)
        if self._watch is not None:
            self._watch(seen)


def entry_of(request: Request) -> dict[str, Any]:
    """Return the log's entry of a request, for what the vendor's routes note in it."""
    entry: dict[str, Any] = request.scope[ENTRY]
    return entry


def _entry(scope: Scope, secret: frozenset[str]) -> dict[str, Any]:
    headers = Headers(scope=scope)
    return {
        "at": datetime.now(UTC).isoformat(),
        "method": scope["method"],
        "path": scope["raw_path"].decode("latin-1").partition("?")[0],
        "query": scope["query_string"].decode("latin-1"),
        "headers": {key: value for key, value in headers.items() if key not in secret},
        "authenticated": not secret.isdisjoint(headers.keys()),
        "body": None,
        "status": None,
    }


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")
