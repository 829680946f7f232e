"""Bounds what callers post, as pure ASGI: counted before it is read, its values before they are parsed, no batches."""

import json
from typing import ClassVar

from service_kit.body import read_body, work_on
from service_kit.json_text import count_values
from service_kit.rate_limit import Rate, RateLimiter
from service_kit.refusal import Reason, Refusal
from service_kit.request_shares import RequestShare, counted_by, take_values
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_kit.caller import Caller, Callers, caller_of

MAX_BODY_BYTES = 4_194_304
"""As many as the SDK reads."""
BODY_SECONDS = 30.0
REQUESTS_A_CALL = 10
"""A client sends more than its calls: it opens sessions, and lists tools."""
CALLERS_A_TENANT = 2
"""How many callers at their full rate all of a tenant come to: about what one process can answer."""
INVALID_REQUEST = -32600
NO_BATCHES = "send one message at a time: batches are not part of the protocol any more"


class MessageRefusal(Refusal):
    """A message that is not read."""

    reason_header = "x-agent-mcp-error"
    reasons: ClassVar = {
        "rate": Reason(429),
        "body": Reason(400),
        "batch": Reason(400),
        "body_too_large": Reason(413),
        "body_timeout": Reason(408),
    }

    def body(self) -> bytes:
        """Return the protocol's error without a request's id, as none was read."""
        error = {"code": INVALID_REQUEST, "message": self.message}
        return json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()


class RequestBounds:
    """Counts what known callers post, at ten times the rate of their calls, and refuses what is dear to parse.

    Without `callers` every request is the owner's. Who is not known is refused later, before its body is read.
    """

    def __init__(self, app: ASGIApp, *, callers: Callers | None, rate: Rate) -> None:
        self._app = app
        self._callers = callers
        self._limiter = RateLimiter()
        self._rate = Rate(rate.per_second * REQUESTS_A_CALL, rate.burst * REQUESTS_A_CALL)
        self._tenant_rate = Rate(self._rate.per_second * CALLERS_A_TENANT, self._rate.burst * CALLERS_A_TENANT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        posted = scope["type"] == "http" and scope["method"] == "POST"
        caller = caller_of(scope, self._callers) if posted else None
        if caller is not None:
            try:
                receive = _again(await self._read(caller, receive), receive)
            except MessageRefusal as refusal:
                await refusal.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _read(self, caller: Caller, receive: Receive) -> bytes:
        parts = [("this caller", caller.id, self._rate)]
        if caller.tenant is not None:
            parts.append((f"the tenant {caller.tenant!r}", f"tenant:{caller.tenant}", self._tenant_rate))
        share = RequestShare(self._limiter, tuple(parts), MessageRefusal)
        share.take()
        with counted_by(share):
            raw = await read_body(receive, limit=MAX_BODY_BYTES, seconds=BODY_SECONDS, refuse=MessageRefusal)
            if raw.lstrip()[:1] == b"[":
                raise MessageRefusal("batch", NO_BATCHES)
            try:
                take_values(await work_on(raw, lambda: count_values(raw)))
            except ValueError as error:
                raise MessageRefusal("body", f"the message cannot be read: {error}") from None
        return raw


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body that was read, and after it what comes then."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return left.pop() if left else await receive()

    return replayed
