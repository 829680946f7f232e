"""The way of one request: who calls, which route, may it, what to send, what became of it, what the caller gets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from service_kit.grants import allowed
from service_kit.http import Reply
from service_kit.json_text import Json
from service_kit.log import get_logger
from service_kit.rate_limit import Rate, RateLimiter, Wait, shared
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api_kit import body, policy, query
from api_kit.audit import Audit, Entry
from api_kit.budget import ToolCalls
from api_kit.callers import Caller, Callers, single_header
from api_kit.content_negotiation import choose
from api_kit.egress_filter import filter_text
from api_kit.errors import Refusal
from api_kit.reply import (
    EFFECT_HEADER,
    EFFECT_REPEAT_HEADER,
    EFFECT_STATE_HEADER,
    OUTGOING_HEADER,
    Address,
    Answer,
    passed_on,
    refused,
)
from api_kit.routes import Call, Route, Table
from api_kit.upstream import EVERYTHING, Credential, Upstream, UpstreamSession, Vendor, document_of
from api_kit.write_flow import WAITING, Writer

OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")
CONDITIONS = ("if-none-match", "if-modified-since")
MOVED = frozenset({301, 302, 307, 308})
SHORTEST_PAUSE_SECONDS = 1.0
KEY = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True)
class Bounds:
    """A gateway's limits: of bodies, of rates by tier, of images; a tier that is not named has the first rate."""

    body_bytes: int = 1_000_000
    body_seconds: float = 10.0
    rate: Rate = field(default_factory=Rate)
    tiers: Mapping[str, Rate] = field(default_factory=dict)
    image_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Gateway:
    """A pure ASGI app over its parts; holds no state of its own."""

    table: Table
    vendor: Vendor
    callers: Callers
    limiter: RateLimiter
    upstream: Upstream
    calls: ToolCalls
    writer: Writer
    audit: Audit
    bounds: Bounds = field(default_factory=Bounds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens, and write its audit line."""
        entry = Entry(scope["method"])
        try:
            answer = await self._answer(scope, receive, entry)
        except Refusal as refusal:
            entry.reason = refusal.reason
            answer = refused(refusal, _marks(entry))
        except Exception:
            entry.reason = "internal"
            get_logger(__name__).exception("gateway_failed", route=entry.route)
            answer = refused(Refusal("internal", "this gateway failed on the request"), _marks(entry))
        try:
            await answer.send(send)
        finally:
            self.audit.write(entry, status=answer.status, size=len(answer.body))

    async def _answer(self, scope: Scope, receive: Receive, entry: Entry) -> Answer:
        headers = Headers(scope=scope)
        caller = entry.caller = self.callers.identify(headers)
        for name in OVERRIDES:
            if name in headers:
                raise Refusal("header", f"{name} is not taken: the method is the request's own")
        route, path = self.table.match(scope["method"], scope["raw_path"])
        entry.route = route.name
        self._admit(route, caller)
        policy.check_route(route, caller)
        credential = self.vendor.credential(caller.tenant)
        await self.calls.count(caller)
        call = await self._read(route, path, scope["query_string"], headers, receive)
        entry.target = call.target
        call = self._confined(call, caller, entry)
        await self.take(route, caller, credential)
        async with self.upstream.turn(credential, tenant=caller.tenant, caller=caller.key) as turn:
            await self._look_up(call, caller, turn, entry)
            if route.writes:
                reply = await self._write(call, caller, turn, entry, headers)
            else:
                reply = await self.send(call, turn, entry)
                if reply.status in MOVED:
                    call, reply = await self._follow(reply, call, caller, turn, entry)
            if 300 <= reply.status < 400 and reply.status != HTTPStatus.NOT_MODIFIED:
                raise Refusal("redirect", f"{self.vendor.name} answered {reply.status}, which is not followed")
            if entry.effect_state not in WAITING:
                self.check(call, caller, reply)
        address = Address(f"{scope['scheme']}://{headers['host']}", scope["raw_path"].decode("ascii"))
        return passed_on(reply, address, self.upstream, self.table, _marks(entry))

    def _rate(self, route: Route, caller: Caller) -> tuple[str, Rate]:
        """Say under which key a caller's requests of a route are counted, and at which rate."""
        if route.tier in self.bounds.tiers:
            return f"{caller.key}:{route.tier}", self.bounds.tiers[route.tier]
        return caller.key, self.bounds.rate

    def _admit(self, route: Route, caller: Caller) -> None:
        """Count every request here, so that what is refused anyway takes nothing of the limits that others share."""
        key, rate = self._rate(route, caller)
        self._refuse(self.limiter.admit(key, rate), route, rate)

    async def take(self, route: Route, caller: Caller, credential: Credential) -> None:
        """Count a request that may be sent, and refuse it while the caller's rate or the vendor's limit is used up."""
        key, rate = self._rate(route, caller)
        pauses = [f"{credential.name}:{bucket}" for bucket in (route.tier, EVERYTHING)]
        buckets = shared(self.vendor.limits(route), credential.name, caller.key)
        self._refuse(await self.limiter.take(key, rate, pauses, buckets), route, rate)

    def _refuse(self, wait: Wait | None, route: Route, rate: Rate) -> None:
        if wait is None:
            return
        if wait.whose == "vendor":
            message = f"{self.vendor.name} asked for a pause of its {route.tier} requests, or its limit is near"
            raise Refusal("vendor_rate", message, retry_after=wait.seconds)
        message = f"more than {rate.per_second:g} requests a second ({rate.burst} at once)"
        raise Refusal("rate", message, retry_after=wait.seconds)

    async def _read(
        self, route: Route, path: Mapping[str, str], raw_query: bytes, headers: Headers, receive: Receive
    ) -> Call:
        """Read query, body and the few headers that matter."""
        asked = query.parse(raw_query, route.query)
        accept = choose(headers.getlist("accept"), route.accepts)
        conditions = {name: value for name in CONDITIONS if (value := single_header(headers, name)) is not None}
        raw = await body.read(receive, limit=self.bounds.body_bytes, seconds=self.bounds.body_seconds)
        document: Json = None
        if route.body is not None:
            kind, encoding = (
                single_header(headers, "content-type") or "",
                single_header(headers, "content-encoding") or "",
            )
            document = body.parse(raw, kind, encoding, route.body)
        elif raw:
            raise Refusal("body", f"{route.name} takes no body")
        return Call(route, path, asked, document, accept, {} if route.writes else conditions)

    def _confined(self, call: Call, caller: Caller, entry: Entry) -> Call:
        """Check every resource that the call itself names, and confine a search to the grant; nothing is asked."""
        touched: list[str] = []
        for resource in call.route.resources:
            if resource.lookup is None:
                touched.append(policy.name_of(resource, call.path, call.query, call.body))
                policy.check_resources(caller.grant, resource.kind, touched[-1:])
        search = call.route.search
        if search is not None:
            words, chosen = search.read(call.query.get(search.parameter, ""))
            names = policy.scope(search, caller.grant, chosen)
            call = replace(call, query={**call.query, search.parameter: search.build(words, names)})
            touched += names
        entry.resources = touched
        return call

    async def within(self, call: Call, caller: Caller, turn: UpstreamSession, entry: Entry) -> Call:
        """Check all bounds of a call that the gateway itself makes, and give it confined.

        Raises:
            Refusal: it is out of bounds, or the vendor cannot be asked now.
        """
        policy.check_route(call.route, caller)
        call = self._confined(call, caller, entry)
        await self._look_up(call, caller, turn, entry)
        return call

    async def _look_up(self, call: Call, caller: Caller, turn: UpstreamSession, entry: Entry) -> None:
        """Check every resource that the vendor has to be asked for."""
        for resource in call.route.resources:
            if resource.lookup is not None:
                names = list(await resource.lookup(call.path, turn.fetch))
                policy.check_found(caller.grant, resource.kind, names, call.target)
                entry.resources = [*entry.resources, *names]

    async def send(self, call: Call, turn: UpstreamSession, entry: Entry) -> Reply:
        """Send a call in a turn, and heed what the vendor says of its limits."""
        reply = await turn.send(call)
        entry.upstream_status = reply.status
        for pause in self.vendor.pauses(reply, call.route.tier):
            seconds = max(SHORTEST_PAUSE_SECONDS, pause.seconds)
            await self.limiter.pause(f"{turn.credential.name}:{pause.bucket}", seconds, grows=pause.grows)
        return reply

    async def _write(self, call: Call, caller: Caller, turn: UpstreamSession, entry: Entry, headers: Headers) -> Reply:
        """Write what may leave the house of what was asked."""
        key = single_header(headers, "idempotency-key")
        if key is not None and not KEY.fullmatch(key):
            raise Refusal("header", "Idempotency-Key is not 1 to 200 visible characters", remedy="Send another key.")
        filtered = filter_text(
            call.body,
            texts=call.route.body.texts if call.route.body else (),
            token=single_header(headers, "x-task-token") or single_header(headers, "x-person-token"),
            hosts=self.bounds.image_hosts,
            may_mention=lambda name: allowed(caller.grant, "mentions", name),
        )
        entry.outgoing = filtered.told
        return await self.writer.write(
            replace(call, body=filtered.body),
            caller,
            entry,
            key=key,
            send=lambda marked: self.send(marked, turn, entry),
            fetch=self.upstream.fetch(turn.credential),
        )

    async def _follow(
        self, reply: Reply, call: Call, caller: Caller, turn: UpstreamSession, entry: Entry
    ) -> tuple[Call, Reply]:
        """Follow one redirect of a read: a new request, under table and grant, to the same host."""
        found = self.upstream.path_of(reply.headers.get("location", ""))
        if found is None:
            raise Refusal("redirect", f"{self.vendor.name} points to another host, which is not followed")
        path: str | None = found[0]
        if self.vendor.relocate is not None:
            path = await self.vendor.relocate(found[0], turn.fetch)
        if path is None:
            raise Refusal("redirect", f"where {self.vendor.name} points to cannot be found")
        try:
            route, parameters = self.table.match("GET", path.encode("ascii", "replace"))
            asked = query.parse(found[1].encode("ascii", "replace"), route.query)
            accept = choose([call.accept], route.accepts)
            moved = Call(route, parameters, asked or call.query, None, accept, call.conditions)
            moved = await self.within(moved, caller, turn, entry)
        except Refusal as refusal:
            message = f"{self.vendor.name} points to what is outside the table or the grant ({refusal.reason})"
            raise Refusal("redirect", message) from refusal
        return moved, await self.send(moved, turn, entry)

    def check(self, call: Call, caller: Caller, reply: Reply) -> None:
        """Check what the reply is of; of what was asked for as opaque, the path has said it.

        Raises:
            Refusal: `reply_foreign` or `upstream_broken`.
        """
        if call.route.reply_resources is None or not reply.ok or call.accept in call.route.opaque:
            return
        document = document_of(reply)
        if document is not None:
            policy.check_reply(caller.grant, call.route.kind, call.route.reply_resources(document))
        elif reply.body:
            raise Refusal("upstream_broken", "JSON was asked for and something else came, which cannot be checked")


def _marks(entry: Entry) -> list[tuple[bytes, bytes]]:
    """Tell the caller of its effect, and of what was changed in its text."""
    marks = []
    if entry.effect is not None:
        marks += [(EFFECT_HEADER, str(entry.effect)), (EFFECT_STATE_HEADER, entry.effect_state or "sending")]
    if entry.repeat:
        marks.append((EFFECT_REPEAT_HEADER, "1"))
    if entry.outgoing:
        marks.append((OUTGOING_HEADER, entry.outgoing))
    return [(name.encode(), value.encode()) for name, value in marks]
