"""Faults on order: the next requests that match are answered wrongly, late, or not at all.

The gate sits outside the vendor's routes, so that a fault strikes before or after the request took effect, as ordered.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stand_ins.kit.refusal import Errors, Refusal

CONTROLS = "/_stand-in/"
ENTRY = "stand_in.entry"
"""Where a request's scope has its entry of the log."""
HTML = b"<!DOCTYPE html><html><body><h1>Out of order</h1><p>This page is no JSON.</p></body></html>"


class Match(BaseModel):
    """Which requests a fault strikes; the expressions are searched for in path and query, and in the body's text."""

    model_config = ConfigDict(extra="forbid")
    method: str | None = None
    path_regex: str = ""
    body_regex: str = ""


class Fault(BaseModel):
    """One fault and how often it strikes.

    - `status` answers with `status` (and `body`, `headers`) without doing anything; `apply_then_status` does it first.
    - `delay` waits `seconds`, then goes on.
    - `drop_before` closes the connection without doing anything, `apply_then_drop` after doing it.
    - `cut` does it and sends half of the reply's body.
    - `html` answers with a page; `rate_limit` with the vendor's refusal (over after `seconds`).

    A vendor may have faults beyond these.
    """

    model_config = ConfigDict(extra="forbid")
    match: Match = Match()
    times: Annotated[int, Field(ge=1)] = 1
    fault: str
    status: int | None = None
    seconds: Annotated[float, Field(ge=0)] = 1.0
    body: Any = None
    headers: dict[str, str] = {}

    @field_validator("fault")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        known = info.context
        if known is not None and value not in known:
            raise ValueError(f"no such fault: one of {', '.join(known)}")
        return value

    def hits(self, method: str, target: str, body: str = "") -> bool:
        """Say whether this fault is meant for a request."""
        wanted, place, text = self.match.method, self.match.path_regex, self.match.body_regex
        named = wanted is None or wanted.upper() == method
        return named and re.search(place, target) is not None and re.search(text, body) is not None


class Dropped(ConnectionResetError):
    """The connection was to be dropped, but the app runs without one (in a test without a server)."""


Strike = Callable[[Fault, ASGIApp, Scope, Receive, Send], Awaitable[None]]


def refuse_with(refusal: Callable[[Fault], Refusal]) -> Strike:
    """Make a fault that answers with a refusal of the vendor's, without doing anything."""

    async def strike(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        made = refusal(fault)
        body = made.body if fault.body is None else fault.body
        await _answer(send, made.status, json.dumps(body).encode(), made.headers | fault.headers)

    return strike


def mark(key: str) -> Strike:
    """Make a fault that the vendor's own routes act upon: they find `key` set in the request's scope."""

    async def strike(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, key: True}, receive, send)

    return strike


class FaultGate:
    """Lets requests pass to the app, or strikes.

    Args:
        app: what answers when no fault strikes.
        errors: the vendor's words for what the kit's faults say.
        more: the vendor's own faults by name.
    """

    def __init__(self, app: ASGIApp, errors: Errors, more: Mapping[str, Strike]) -> None:
        self._app = app
        self._strikes = _strikes(errors) | dict(more)
        self.faults: list[Fault] = []

    def order(self, text: bytes) -> None:
        """Add a fault as a control has it. Raises pydantic's ValidationError."""
        self.faults.append(Fault.model_validate_json(text, context=tuple(self._strikes)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        fault = self._next(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        await self._strikes[fault.fault](fault, self._app, scope, receive, send)

    def _next(self, scope: Scope) -> Fault | None:
        if scope["path"].startswith(CONTROLS):
            return None
        query = scope["query_string"].decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        body = str(scope.get(ENTRY, {}).get("body"))
        for fault in self.faults:
            if fault.hits(scope["method"], target, body):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None


def _strikes(errors: Errors) -> dict[str, Strike]:
    status = refuse_with(lambda fault: errors.server_error(fault.status or 502))

    async def apply_then_status(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, _swallow)
        await status(fault, app, scope, receive, send)

    return {
        "status": status,
        "apply_then_status": apply_then_status,
        "delay": _delay,
        "drop_before": _drop_before,
        "apply_then_drop": _apply_then_drop,
        "cut": _cut,
        "html": _html,
        "rate_limit": refuse_with(lambda fault: errors.rate_limited(fault.seconds, fault.status)),
    }


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
