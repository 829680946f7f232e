"""What a call must pass: rates, the check of every resource that it touches, and the check of its reply.

The same checks hold for a caller's request, a redirect that is followed and an approved proposal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from service_kit.body import build_json
from service_kit.grants import allowed
from service_kit.rate_limit import Rate, RateLimiter, Wait, shared
from service_kit.request_shares import RequestShare
from service_kit.vendor_limit_shares import VendorLimitShare

from api_kit import json_paths, policy
from api_kit.audit import Entry
from api_kit.callers import Caller
from api_kit.classify import document_of
from api_kit.errors import Refusal
from api_kit.routes import Answered, Call, Route, Search
from api_kit.settings import GatewaySettings
from api_kit.upstream_session import UpstreamSession
from api_kit.vendor import EVERYTHING, Credential, UpstreamVendor


@dataclass(frozen=True)
class Admission:
    """Decides over calls to one vendor.

    `tiers` has the rates that differ from the settings' one; `weights` returns those of the vendor's tenants.
    """

    vendor: UpstreamVendor
    limiter: RateLimiter
    settings: GatewaySettings
    tiers: Mapping[str, Rate] = field(default_factory=dict)
    weights: Callable[[], Mapping[str, int]] = dict

    def admit(self, route: Route, caller: Caller) -> RequestShare:
        """Count a request in this process, so that a flood of refused requests uses up no shared limit.

        Its body takes from the same shares: its caller's, and its tenant's of this process.

        Raises:
            Refusal: `rate`.
        """
        key, rate = self._rate(route, caller)
        tenant = f"tenant:{caller.tenant}"
        parts = ("this caller", key, rate), (f"the tenant {caller.tenant!r}", tenant, self.settings.tenant_rate)
        share = RequestShare(self.limiter, parts, Refusal)
        share.take()
        return share

    async def take(self, route: Route, caller: Caller, credential: Credential) -> None:
        """Count a request that may be sent.

        Raises:
            Refusal: `rate` or `vendor_rate`: the caller's rate, the vendor's limit or the tenant's share is used up.
        """
        key, rate = self._rate(route, caller)
        pauses = [f"{credential.name}:{bucket}" for bucket in (route.tier, EVERYTHING)]
        buckets = shared(self.vendor.limits(route), credential.name, caller.key)
        share = self._share(route, caller, credential)
        self._refuse(await self.limiter.take(key, rate, pauses, buckets, share), route, rate)

    def confine(self, call: Call, caller: Caller, entry: Entry) -> Call:
        """Check every resource that the call itself names, and confine a search; the vendor is not asked.

        Raises:
            Refusal: a resource is outside the grant, or the search cannot be confined.
        """
        for resource in call.route.resources:
            if resource.lookup is None:
                names = policy.names_of(resource, call)
                policy.check_resources(caller.grant, resource.kind, names)
                call = call.touching(resource.kind, names)
        if call.route.search is not None:
            call = _scoped(call, call.route.search, caller)
        entry.resources = call.resources
        return call

    async def look_up(self, call: Call, caller: Caller, session: UpstreamSession, entry: Entry) -> Call:
        """Check every resource that the vendor is asked for. The refusal does not say whether the target is there.

        Raises:
            Refusal: `resource`, or the vendor cannot be asked now.
        """
        for resource in call.route.resources:
            if resource.lookup is not None:
                kind, names = resource.kind, await resource.lookup(call, session.fetch)
                if not names or not all(allowed(caller.grant, kind, name) for name in names):
                    message = f"{call.target!r} is not there, or belongs to none of the {kind} of the grant"
                    raise Refusal("resource", message)
                call = call.touching(kind, names)
        entry.resources = call.resources
        return call

    async def within(self, call: Call, caller: Caller, session: UpstreamSession, entry: Entry) -> Call:
        """Check all bounds of a call that the gateway itself makes, and return it confined.

        Raises:
            Refusal: it is out of bounds, or the vendor cannot be asked now.
        """
        policy.check_route(call.route, caller)
        policy.check_access(call, caller)
        return await self.look_up(self.confine(call, caller, entry), caller, session, entry)

    def without_foreign(self, call: Call, caller: Caller, answered: Answered, entry: Entry) -> Answered:
        """Return a reply without the rows that a mixed list has of other resources; the entry counts them.

        Raises:
            Refusal: `upstream_broken`.
        """
        route, reply = call.route, answered.reply
        rows = document_of(reply) if route.mixed and answered.said.state == "done" else None
        if route.reply_resources is None or not isinstance(rows, list):
            return answered
        names_in, kind = route.reply_resources, route.kind
        kept = [row for row in rows if all(allowed(caller.grant, kind, name) for name in names_in([row]))]
        entry.left_out = len(rows) - len(kept)
        return replace(answered, reply=replace(reply, body=build_json(kept))) if entry.left_out else answered

    def check_reply(self, call: Call, caller: Caller, answered: Answered) -> None:
        """Check that a reply holds resources of the grant only. Of an opaque reply the path has named them.

        Raises:
            Refusal: `reply_foreign` or `upstream_broken`.
        """
        reply, names_in = answered.reply, call.route.reply_resources
        if names_in is None or answered.said.state != "done" or call.accept in call.route.opaque:
            return
        document, kind = document_of(reply), call.route.kind
        if document is None and reply.body:
            raise Refusal("upstream_broken", "JSON was asked for and something else came, which cannot be checked")
        if document is not None and not all(allowed(caller.grant, kind, name) for name in names_in(document)):
            raise Refusal("reply_foreign", f"the vendor's reply holds something that is not of the grant's {kind}")

    def _rate(self, route: Route, caller: Caller) -> tuple[str, Rate]:
        """Return under which key a caller's requests of a route are counted, and at which rate."""
        if route.tier in self.tiers:
            return f"{caller.key}:{route.tier}", self.tiers[route.tier]
        return caller.key, self.settings.rate

    def _share(self, route: Route, caller: Caller, credential: Credential) -> VendorLimitShare | None:
        """Return the share of the caller's tenant; None where no other tenant uses the credential."""
        weights = {name: weight for name, weight in self.weights().items() if self._uses(name, credential)}
        if len(weights) < 2 or caller.tenant not in weights:
            return None
        return VendorLimitShare(f"{credential.name}:{route.tier}", caller.tenant, weights)

    def _uses(self, tenant: str, credential: Credential) -> bool:
        try:
            return self.vendor.credential(tenant).name == credential.name
        except Refusal:
            return False

    def _refuse(self, wait: Wait | None, route: Route, rate: Rate) -> None:
        if wait is None:
            return
        if wait.whose == "share":
            message = f"what is left of {self.vendor.name}'s limit of {route.tier} requests is kept for other tenants"
            remedy = "Wait as long as Retry-After says; a credential of the tenant's own is not shared."
            raise Refusal("vendor_rate", message, remedy=remedy, retry_after=wait.seconds)
        if wait.whose == "vendor":
            message = f"{self.vendor.name} asked for a pause of its {route.tier} requests, or its limit is near"
            raise Refusal("vendor_rate", message, retry_after=wait.seconds)
        message = f"more than {rate.per_second:g} requests a second ({rate.burst} at once)"
        raise Refusal("rate", message, retry_after=wait.seconds)


def _scoped(call: Call, search: Search, caller: Caller) -> Call:
    given: object = call.query.get(search.parameter)
    path = call.route.body.steps(search.parameter) if call.route.body else ()
    if search.where == "body":
        (given,) = json_paths.find(call.body, path)
    if given is not None and not isinstance(given, str):
        raise Refusal("search_syntax", f"{search.parameter} is no text")
    text, names = policy.scoped(search, caller.grant, given or "")
    call = call.touching(search.kind, names)
    if search.where == "query":
        return replace(call, query={**call.query, search.parameter: text})
    return replace(call, body=json_paths.put(call.body, path, text))
