"""One request and its reply: checked, paid for beforehand, passed on as the bytes come, metered, and settled."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from service_kit.body import read_body, work_on
from service_kit.connection_limit import RETRY_SECONDS, ConnectionLimit, TooManyConnections
from service_kit.errors import ReplyTooLarge, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.http import HttpClient, StreamReply
from service_kit.log import get_logger
from service_kit.rate_limit import RateLimiter
from service_kit.request_shares import RequestShare, counted_by
from service_kit.tokens import ModelClaims, Verifier
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from model_api.audit import Audit, AuditEntry
from model_api.auth import authenticate, choose_model
from model_api.charge import Charge
from model_api.dialect import CheckedRequest, Dialect, Operation
from model_api.errors import ModelRefusal
from model_api.prices import Prices
from model_api.settings import ModelSettings
from model_api.spending import Spending

COUNT_SECONDS = 10.0


@dataclass(frozen=True)
class Exchange:
    """An ASGI endpoint: one operation of a dialect."""

    dialect: Dialect
    operation: Operation
    settings: ModelSettings
    verifier: Verifier
    prices: Prices
    spending: Spending
    upstream: HttpClient
    audit: Audit
    connections: ConnectionLimit
    limiter: RateLimiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        entry = AuditEntry(self.operation.path)
        try:
            try:
                with self._connection(scope, entry):
                    request = await self._check(scope, receive, entry)
                    if self.operation.paid:
                        await self._pay(request, receive, send, entry)
                    else:
                        await self._watch(request, None, receive, send, entry)
            except ModelRefusal as refusal:
                entry.status, entry.reason = refusal.status, refusal.reason
                await refusal.response(self.dialect.error(refusal))(scope, receive, send)
        finally:
            self.audit.write(entry)

    @contextlib.contextmanager
    def _connection(self, scope: Scope, entry: AuditEntry) -> Iterator[None]:
        entry.claims = authenticate(Headers(scope=scope), self.verifier)
        try:
            with self.connections.held(entry.claims.tenant, str(entry.claims.task)):
                yield
        except TooManyConnections as error:
            raise ModelRefusal("connections", str(error), status=error.status, retry_after=RETRY_SECONDS) from None

    async def _check(self, scope: Scope, receive: Receive, entry: AuditEntry) -> CheckedRequest:
        assert entry.claims is not None
        headers, claims = Headers(scope=scope), entry.claims
        share = self._share(claims)
        share.take()
        limit, seconds = self.settings.max_body_bytes, self.settings.body_seconds
        with counted_by(share):
            raw = await read_body(receive, limit=limit, seconds=seconds, refuse=ModelRefusal)
            check = partial(self.dialect.check, self.operation, raw, headers, scope["query_string"])
            request = await work_on(raw, check)
        entry.model, entry.stream = request.model, request.stream
        choose_model(request.model, claims, self.prices.models)
        if not self.operation.paid:
            await self.spending.check_live(claims)
        return request

    def _share(self, claims: ModelClaims) -> RequestShare:
        run = f"task {claims.task}", f"task:{claims.tenant}:{claims.task}", self.settings.rate
        tenant = f"tenant {claims.tenant!r}", f"tenant:{claims.tenant}", self.settings.tenant_rate
        return RequestShare(self.limiter, (run, tenant), ModelRefusal)

    async def _pay(self, request: CheckedRequest, receive: Receive, send: Send, entry: AuditEntry) -> None:
        """Reserve what the request may cost, pass it on with its output capped to that, and settle."""
        assert entry.claims is not None
        # Not the vendor's own id, which may be missing: this tells a row from the task's others.
        request_id = f"mreq_{secrets.token_hex(12)}"
        reserved = await self.spending.reserve(entry.claims, request, request_id, partial(self._count, request))
        meter = self.dialect.meter(stream=request.stream)
        speed = self.settings.model_output_per_second
        charge = Charge(request, meter, reserved, entry, self.prices, self.spending, speed)
        try:
            await self._watch(self.dialect.cap(request, reserved.tokens.output), charge, receive, send, entry)
        finally:
            charge.settle()

    async def _count(self, request: CheckedRequest) -> int | None:
        """Ask the vendor how many tokens the input has; return None where it does not say."""
        if self.dialect.count_path is None:
            return None
        try:
            reply = await self.upstream.request(
                "POST",
                self.dialect.count_path,
                params=request.query,
                content=self.dialect.count_body(request),
                headers=request.headers,
                timeout=COUNT_SECONDS,
            )
            return self.dialect.read_count(reply.body) if reply.ok else None
        except UpstreamError:
            return None

    async def _watch(
        self, request: CheckedRequest, charge: Charge | None, receive: Receive, send: Send, entry: AuditEntry
    ) -> None:
        """Pass the request on; when the caller goes away the upstream request ends with it."""
        passing = asyncio.create_task(self._pass_on(request, charge, send, entry))
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

    async def _pass_on(self, request: CheckedRequest, charge: Charge | None, send: Send, entry: AuditEntry) -> None:
        began = False
        if charge is not None:
            charge.free = False
        try:
            async with self.upstream.stream(
                "POST", self.operation.path, params=request.query, content=request.content, headers=request.headers
            ) as reply:
                entry.status = reply.status
                entry.request_id = reply.headers.get(self.dialect.request_id_header)
                if reply.headers.get("content-encoding", "identity") != "identity":
                    raise UpstreamError("the model's reply is compressed, which was not asked for", status=reply.status)
                if charge is not None and reply.status != 200:
                    charge.free = True
                began = True
                await self._relay(reply, send, charge)
        except UpstreamError as error:
            if charge is not None and isinstance(error, UpstreamUnreachable):
                charge.free = True
            refusal = _upstream_refusal(error)
            entry.reason = refusal.reason
            if not began:
                raise refusal from error
            # The reply has begun: the caller sees a cut connection, as it would at the vendor.

    async def _relay(self, reply: StreamReply, send: Send, charge: Charge | None) -> None:
        passed = self.dialect.passed_headers(reply.headers)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in passed.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        size = 0
        async for chunk in reply.chunks:
            size += len(chunk)
            if size > self.settings.max_reply_bytes:
                limit = self.settings.max_reply_bytes
                raise ReplyTooLarge(f"the model's reply is larger than {limit} bytes", status=reply.status)
            if charge is not None:
                charge.feed(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if charge is not None:
            charge.settle()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _upstream_refusal(error: UpstreamError) -> ModelRefusal:
    match error:
        case UpstreamUnreachable():
            get_logger(__name__).warning("upstream_unreachable", reason=str(error))
            message = f"the model cannot be reached now ({error.cause}), so nothing was sent: try again later"
            return ModelRefusal("upstream_unreachable", message)
        case UpstreamTimeout():
            return ModelRefusal("upstream_timeout", "the model did not answer in time: try again later")
        case ReplyTooLarge():
            return ModelRefusal("reply_too_large", str(error))
        case _:
            return ModelRefusal("upstream_broken", "the connection to the model broke: try again later")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
