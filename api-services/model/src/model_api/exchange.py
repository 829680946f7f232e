"""One request and its reply: checked, paid for beforehand, passed on as the bytes come, metered, and settled."""

import asyncio
import secrets
from collections.abc import Mapping
from functools import partial

from pydantic import BaseModel, NonNegativeInt, ValidationError
from service_kit.body import read_body
from service_kit.errors import ReplyTooLarge, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.http import HttpClient, StreamReply
from service_kit.tokens import Verifier
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from model_api.audit import Audit, Entry
from model_api.auth import authenticate, choose_model
from model_api.charge import Bill
from model_api.errors import ModelRefusal
from model_api.messages import CountRequest, MessagesRequest
from model_api.prices import Prices
from model_api.request import Checked, check
from model_api.settings import ModelSettings
from model_api.spending import Spending

REPLY_HEADERS = frozenset(
    {"content-type", "cache-control", "request-id", "retry-after", "retry-after-ms", "x-should-retry"}
)
REPLY_HEADER_PREFIX = "anthropic-ratelimit-"
COUNT_PATH = "/v1/messages/count_tokens"
COUNT_SECONDS = 10.0


class Counted(BaseModel):
    """The vendor's count of a request's input."""

    input_tokens: NonNegativeInt


class Exchange:
    """An ASGI endpoint: `POST /v1/messages`, or count_tokens, which costs nothing.

    Args:
        route: the path, here and at the vendor.
        kind: which body it takes.
        settings: limits.
        verifier: of model tokens.
        prices: of the models that are served.
        spending: where budgets are.
        upstream: the vendor.
        audit: where lines and figures go.
    """

    def __init__(
        self,
        route: str,
        kind: type[CountRequest],
        *,
        settings: ModelSettings,
        verifier: Verifier,
        prices: Prices,
        spending: Spending,
        upstream: HttpClient,
        audit: Audit,
    ) -> None:
        self._route = route
        self._kind = kind
        self._settings = settings
        self._verifier = verifier
        self._prices = prices
        self._spending = spending
        self._upstream = upstream
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        entry = Entry(self._route)
        try:
            try:
                checked = await self._checked(scope, receive, entry)
                if self._kind is MessagesRequest:
                    await self._pay(checked, receive, send, entry)
                else:
                    await self._watch(checked, None, receive, send, entry)
            except ModelRefusal as refusal:
                entry.status, entry.reason = refusal.status, refusal.reason
                await refusal.response()(scope, receive, send)
        finally:
            self._audit.write(entry)

    async def _checked(self, scope: Scope, receive: Receive, entry: Entry) -> Checked:
        headers = Headers(scope=scope)
        entry.claims = authenticate(headers, self._verifier)
        limit, seconds = self._settings.max_body_bytes, self._settings.body_seconds
        raw = await read_body(receive, limit=limit, seconds=seconds, refuse=ModelRefusal)
        checked = check(raw, headers, scope["query_string"], kind=self._kind)
        entry.model, entry.stream = checked.model, checked.stream
        choose_model(checked.model, entry.claims, self._prices.models)
        if self._kind is CountRequest:
            await self._spending.check_live(entry.claims)
        return checked

    async def _pay(self, checked: Checked, receive: Receive, send: Send, entry: Entry) -> None:
        """Reserve what the request may cost, pass it on with its output capped to that, and settle."""
        assert entry.claims is not None
        # Not the vendor's own id, which may be missing: this tells a row from the task's others.
        request_id = f"mreq_{secrets.token_hex(12)}"
        held = await self._spending.reserve(entry.claims, checked, request_id, partial(self._count, checked))
        bill = Bill(checked, held, entry, self._prices, self._spending)
        try:
            await self._watch(checked.capped(held.tokens.output), bill, receive, send, entry)
        finally:
            bill.settle()

    async def _count(self, checked: Checked) -> int | None:
        """Ask the vendor how many tokens the input has; it costs nothing."""
        try:
            reply = await self._upstream.request(
                "POST",
                COUNT_PATH,
                params=checked.query,
                content=checked.counting(),
                headers=checked.headers,
                timeout=COUNT_SECONDS,
            )
            return Counted.model_validate_json(reply.body).input_tokens if reply.ok else None
        except (UpstreamError, ValidationError):
            return None

    async def _watch(self, checked: Checked, bill: Bill | None, receive: Receive, send: Send, entry: Entry) -> None:
        """Pass the request on; when the caller goes away the upstream request ends with it."""
        passing = asyncio.create_task(self._pass_on(checked, bill, send, entry))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not passing.done():
                entry.client_gone = True
                passing.cancel()
                await asyncio.wait({passing})
        finally:
            passing.cancel()
            leaving.cancel()
            await asyncio.wait({passing, leaving})
        if not passing.cancelled() and (error := passing.exception()):
            raise error

    async def _pass_on(self, checked: Checked, bill: Bill | None, send: Send, entry: Entry) -> None:
        began = False
        if bill is not None:
            bill.sent()
        try:
            async with self._upstream.stream(
                "POST", self._route, params=checked.query, content=checked.content, headers=checked.headers
            ) as reply:
                entry.status = reply.status
                entry.request_id = reply.headers.get("request-id")
                if reply.headers.get("content-encoding", "identity") != "identity":
                    raise UpstreamError("the model's reply is compressed, which was not asked for", status=reply.status)
                if bill is not None and reply.status != 200:
                    bill.waive()
                began = True
                await self._relay(reply, send, bill)
        except UpstreamError as error:
            if bill is not None and isinstance(error, UpstreamUnreachable):
                bill.waive()
            refusal = _upstream_refusal(error)
            entry.reason = refusal.reason
            if not began:
                raise refusal from error
            # The reply has begun: the caller sees a cut connection, as it would at the vendor.

    async def _relay(self, reply: StreamReply, send: Send, bill: Bill | None) -> None:
        await send({"type": "http.response.start", "status": reply.status, "headers": passed_headers(reply.headers)})
        size = 0
        async for chunk in reply.chunks:
            size += len(chunk)
            if size > self._settings.max_reply_bytes:
                limit = self._settings.max_reply_bytes
                raise ReplyTooLarge(f"the model's reply is larger than {limit} bytes", status=reply.status)
            if bill is not None:
                bill.feed(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if bill is not None:
            bill.settle()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def passed_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Give those of the vendor's reply headers that the caller sees."""
    kept = [
        (name.lower(), value)
        for name, value in headers.items()
        if name.lower() in REPLY_HEADERS or name.lower().startswith(REPLY_HEADER_PREFIX)
    ]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept]


def _upstream_refusal(error: UpstreamError) -> ModelRefusal:
    match error:
        case UpstreamUnreachable():
            return ModelRefusal(
                "upstream_unreachable", "the model cannot be reached now, so nothing was sent: try again later"
            )
        case UpstreamTimeout():
            return ModelRefusal("upstream_timeout", "the model did not answer in time: try again later")
        case ReplyTooLarge():
            return ModelRefusal("reply_too_large", str(error))
        case _:
            return ModelRefusal("upstream_broken", "the connection to the model broke: try again later")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
