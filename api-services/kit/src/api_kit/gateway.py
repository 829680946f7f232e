"""The way of one request: who calls, which route, may it, what to send, what became of it, what the caller gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from service_kit.http import Reply
from service_kit.json_text import Json
from service_kit.log import get_logger
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api_kit import body, policy, query
from api_kit.audit import Audit, Entry
from api_kit.callers import Caller, Callers, one
from api_kit.effects import Effects, Outcome, failed
from api_kit.errors import Refusal
from api_kit.limit import Limiter, Rate
from api_kit.media import choose
from api_kit.reply import EFFECT_HEADER, EFFECT_STATE_HEADER, Address, Answer, passed_on, refused
from api_kit.routes import Call, Route, Table
from api_kit.upstream import EVERYTHING, Credential, Upstream, Vendor, document_of

OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")
CONDITIONS = ("if-none-match", "if-modified-since")
MOVED = frozenset({301, 302, 307, 308})
SHORTEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Bounds:
    """A gateway's limits: of bodies, and of rates by tier; a tier that is not named has the first rate."""

    body_bytes: int = 1_000_000
    body_seconds: float = 10.0
    rate: Rate = field(default_factory=Rate)
    tiers: Mapping[str, Rate] = field(default_factory=dict)


@dataclass(frozen=True)
class Gateway:
    """A pure ASGI app over its parts; holds no state of its own."""

    table: Table
    vendor: Vendor
    callers: Callers
    limiter: Limiter
    upstream: Upstream
    effects: Effects
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
        credential = self.vendor.credential(caller.tenant)
        await self._take(route, caller, credential)
        policy.check_route(route, caller)
        call = await self._read(route, path, scope["query_string"], headers, receive)
        entry.target = call.target
        call = await self._bounded(call, caller, credential, entry)
        if route.writes:
            reply = await self._write(call, caller, credential, entry)
        else:
            reply = await self._send(call, credential, entry)
            if reply.status in MOVED:
                call, reply = await self._follow(reply, call, caller, credential, entry)
        if 300 <= reply.status < 400 and reply.status != HTTPStatus.NOT_MODIFIED:
            raise Refusal("redirect", f"{self.vendor.name} answered {reply.status}, which is not followed")
        self._check(call, caller, reply)
        address = Address(f"{scope['scheme']}://{headers['host']}", scope["raw_path"].decode("ascii"))
        return passed_on(reply, address, self.upstream, self.table, _marks(entry))

    async def _take(self, route: Route, caller: Caller, credential: Credential) -> None:
        """Count the request, and refuse it while the caller's rate or the vendor's limit is used up."""
        rate = self.bounds.tiers.get(route.tier, self.bounds.rate)
        key = f"{caller.key}:{route.tier}" if route.tier in self.bounds.tiers else caller.key
        pauses = [f"{credential.name}:{bucket}" for bucket in (route.tier, EVERYTHING)]
        wait = await self.limiter.take(key, rate, pauses)
        if wait is None:
            return
        if wait.whose == "vendor":
            message = f"{self.vendor.name} asked for a pause of its {route.tier} requests"
            raise Refusal("vendor_rate", message, retry_after=wait.seconds)
        message = f"more than {rate.per_second:g} requests a second ({rate.burst} at once)"
        raise Refusal("rate", message, retry_after=wait.seconds)

    async def _read(
        self, route: Route, path: Mapping[str, str], raw_query: bytes, headers: Headers, receive: Receive
    ) -> Call:
        """Read query, body and the few headers that matter."""
        asked = query.parse(raw_query, route.query)
        accept = choose(headers.getlist("accept"), route.accepts)
        conditions = {name: value for name in CONDITIONS if (value := one(headers, name)) is not None}
        raw = await body.read(receive, limit=self.bounds.body_bytes, seconds=self.bounds.body_seconds)
        document: Json = None
        if route.body is not None:
            kind, encoding = one(headers, "content-type") or "", one(headers, "content-encoding") or ""
            document = body.parse(raw, kind, encoding, route.body)
        elif raw:
            raise Refusal("body", f"{route.name} takes no body")
        return Call(route, path, asked, document, accept, {} if route.writes else conditions)

    async def _bounded(self, call: Call, caller: Caller, credential: Credential, entry: Entry) -> Call:
        """Check every resource that the call touches, and confine a search to the grant."""
        touched: list[str] = []
        for resource in call.route.resources:
            if resource.lookup is not None:
                names = list(await resource.lookup(call.path, self.upstream.fetch(credential)))
                if not names:
                    raise Refusal("resource", f"what {call.target!r} belongs to cannot be found")
            else:
                names = [policy.name_of(resource, call.path, call.query, call.body)]
            policy.check_resources(caller.grant, resource.kind, names)
            touched += names
        search = call.route.search
        if search is not None:
            words, chosen = search.read(call.query.get(search.parameter, ""))
            names = policy.scope(search, caller.grant, chosen)
            call = replace(call, query={**call.query, search.parameter: search.build(words, names)})
            touched += names
        entry.resources = touched
        return call

    async def _send(self, call: Call, credential: Credential, entry: Entry) -> Reply:
        reply = await self.upstream.send(call, credential)
        entry.upstream_status = reply.status
        for pause in self.vendor.pauses(reply, call.route.tier):
            seconds = max(SHORTEST_PAUSE_SECONDS, pause.seconds)
            await self.limiter.pause(f"{credential.name}:{pause.bucket}", seconds)
        return reply

    async def _write(self, call: Call, caller: Caller, credential: Credential, entry: Entry) -> Reply:
        """Record, send, settle; an exception in between leaves the row `sending`, which says the truth."""
        entry.effect = await self.effects.begin(call, caller)
        entry.effect_state = "sending"
        try:
            reply = await self._send(call, credential, entry)
        except Refusal as refusal:
            await self._settle(failed(refusal), entry)
            raise
        await self._settle(self.effects.judge(call, reply), entry)
        return reply

    async def _settle(self, outcome: Outcome, entry: Entry) -> None:
        if entry.effect is not None and await self.effects.settle(entry.effect, outcome):
            entry.effect_state = outcome.state

    async def _follow(
        self, reply: Reply, call: Call, caller: Caller, credential: Credential, entry: Entry
    ) -> tuple[Call, Reply]:
        """Follow one redirect of a read: a new request, under table and grant, to the same host."""
        found = self.upstream.path_of(reply.headers.get("location", ""))
        if found is None:
            raise Refusal("redirect", f"{self.vendor.name} points to another host, which is not followed")
        path: str | None = found[0]
        if self.vendor.relocate is not None:
            path = await self.vendor.relocate(found[0], self.upstream.fetch(credential))
        if path is None:
            raise Refusal("redirect", f"where {self.vendor.name} points to cannot be found")
        try:
            route, parameters = self.table.match("GET", path.encode("ascii", "replace"))
            asked = query.parse(found[1].encode("ascii", "replace"), route.query)
            accept = choose([call.accept], route.accepts)
            policy.check_route(route, caller)
            moved = Call(route, parameters, asked or call.query, None, accept, call.conditions)
            moved = await self._bounded(moved, caller, credential, entry)
        except Refusal as refusal:
            message = f"{self.vendor.name} points to what is outside the table or the grant ({refusal.reason})"
            raise Refusal("redirect", message) from refusal
        return moved, await self._send(moved, credential, entry)

    def _check(self, call: Call, caller: Caller, reply: Reply) -> None:
        """Check what the reply is of; of what was asked for as opaque, the path has said it."""
        if call.route.owners is None or not reply.ok or call.accept in call.route.opaque:
            return
        document = document_of(reply)
        if document is not None:
            policy.check_reply(caller.grant, call.route.kind, call.route.owners(document))
        elif reply.body:
            raise Refusal("upstream_broken", "JSON was asked for and something else came, which cannot be checked")


def _marks(entry: Entry) -> list[tuple[bytes, bytes]]:
    """Tell the caller of its effect."""
    if entry.effect is None:
        return []
    return [
        (EFFECT_HEADER.encode(), str(entry.effect).encode()),
        (EFFECT_STATE_HEADER.encode(), (entry.effect_state or "sending").encode()),
    ]
