"""Faults on order: the next requests that match are answered wrongly, late, or not at all.

Sits outside everything else, so that a fault hits before or after the request took effect, as ordered.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stand_ins.github.refusal import Refusal, rate_limited, secondary_limited

DROP_LABELS = "stand_in.drop_labels"
ADMIN = "/_stand-in/"
HTML = b"<!DOCTYPE html><html><body><h1>Out of order</h1><p>This page is no JSON.</p></body></html>"


class Match(BaseModel):
    """Which requests a fault hits; the expression is searched for in path and query."""

    model_config = ConfigDict(extra="forbid")
    method: str | None = None
    path_regex: str = ""


class Fault(BaseModel):
    """One fault and how often it strikes.

    - `status` answers with `status` (and `body`, `headers`) without doing anything; `apply_then_status` does it first.
    - `delay` waits `seconds`, then goes on.
    - `drop_before` closes the connection without doing anything, `apply_then_drop` after doing it.
    - `cut` does it and sends half of the reply's body.
    - `html` answers with a page; `rate_limit` and `secondary_limit` with GitHub's refusals (reset after `seconds`).
    - `drop_labels` lets labels be ignored, as for an account without push access.
    """

    model_config = ConfigDict(extra="forbid")
    match: Match = Match()
    times: Annotated[int, Field(ge=1)] = 1
    fault: Literal[
        "status",
        "apply_then_status",
        "delay",
        "drop_before",
        "apply_then_drop",
        "cut",
        "html",
        "rate_limit",
        "secondary_limit",
        "drop_labels",
    ]
    status: int | None = None
    seconds: Annotated[float, Field(ge=0)] = 1.0
    body: Any = None
    headers: dict[str, str] = {}

    def hits(self, method: str, target: str) -> bool:
        """Say whether this fault is meant for a request."""
        wanted = self.match.method
        return (wanted is None or wanted.upper() == method) and re.search(self.match.path_regex, target) is not None


class Dropped(ConnectionResetError):
    """The connection was to be dropped, but the app runs without one (in a test without a server)."""


class FaultGate:
    """Lets requests pass to the app, or strikes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.faults: list[Fault] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        fault = self._next(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        await _STRIKES[fault.fault](fault, self._app, scope, receive, send)

    def _next(self, scope: Scope) -> Fault | None:
        if scope["path"].startswith(ADMIN):
            return None
        query = scope["query_string"].decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        for fault in self.faults:
            if fault.hits(scope["method"], target):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None


async def _status(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    status = fault.status or 502
    body = fault.body if fault.body is not None else {"message": "Server Error", "status": str(status)}
    await _answer(send, status, json.dumps(body).encode(), fault.headers)


async def _apply_then_status(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, _swallow)
    await _status(fault, app, scope, receive, send)


async def _delay(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(fault.seconds)
    await app(scope, receive, send)


async def _drop_before(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _drop(receive, send)


async def _apply_then_drop(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, _swallow)
    await _drop(receive, send)


async def _cut(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def half(message: Message) -> None:
        if message["type"] == "http.response.body":
            whole = message.get("body", b"")
            await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})
        else:
            await send(message)

    await app(scope, receive, half)
    await _drop(receive, send)


async def _html(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _answer(send, fault.status or 502, HTML, {"content-type": "text/html; charset=utf-8"} | fault.headers)


async def _rate_limit(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    reset = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-used": "5000"}
    reset["x-ratelimit-reset"] = str(int(time.time() + fault.seconds))
    await _refuse(send, rate_limited(1), fault, reset)


async def _secondary_limit(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _refuse(send, secondary_limited(max(1, round(fault.seconds))), fault, {})


async def _drop_labels(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app({**scope, DROP_LABELS: True}, receive, send)


_Strike = Callable[[Fault, ASGIApp, Scope, Receive, Send], Awaitable[None]]
_STRIKES: dict[str, _Strike] = {
    "status": _status,
    "apply_then_status": _apply_then_status,
    "delay": _delay,
    "drop_before": _drop_before,
    "apply_then_drop": _apply_then_drop,
    "cut": _cut,
    "html": _html,
    "rate_limit": _rate_limit,
    "secondary_limit": _secondary_limit,
    "drop_labels": _drop_labels,
}


async def _refuse(send: Send, refusal: Refusal, fault: Fault, headers: dict[str, str]) -> None:
    status = fault.status or refusal.status
    body = json.dumps(refusal.body | {"status": str(status)}).encode()
    await _answer(send, status, body, headers | refusal.headers | fault.headers)


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    every = {"content-type": "application/json; charset=utf-8", "content-length": str(len(body))} | headers
    pairs = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in every.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _swallow(_: Message) -> None:
    return None


async def _drop(receive: Receive, send: Send) -> None:
    """Close the connection under the reply. ASGI has no word for it, so uvicorn's own object behind `send` is asked.

    Raises:
        Dropped: there is no connection.
    """
    inner: Any = send
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    transport = getattr(getattr(inner, "__self__", None), "transport", None)
    if transport is None:
        raise Dropped("the stand-in drops this connection")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
