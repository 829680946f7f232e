"""Records what was asked, so that a test can say what reached GitHub: without the credential."""

import functools
import json
import time
from collections import deque
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stand_ins.github.faults import ADMIN

KEPT_REQUESTS = 5000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


class RequestLog:
    """Passes requests on and keeps the last ones: method, path, query, headers, body, status, seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note it."""
        if scope["type"] != "http" or scope["path"].startswith(ADMIN):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        entry: dict[str, Any] = {
            "at": time.time(),
            "method": scope["method"],
            "path": scope["raw_path"].decode("latin-1").partition("?")[0],
            "query": scope["query_string"].decode("latin-1"),
            "headers": {key: value for key, value in headers.items() if key not in SECRET_HEADERS},
            "authenticated": "authorization" in headers,
            "body": None,
            "status": None,
        }
        self.entries.append(entry)
        body = await _body(receive)
        entry["body"] = _read(body)
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def heard() -> Message:
            return waiting.pop() if waiting else await receive()

        @functools.wraps(send)
        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        await self._app(scope, heard, answered)


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
