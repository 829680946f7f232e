"""Who calls: a run with a task token, a person with a static token, or the trusted owner of this process."""

from dataclasses import dataclass, field

from agent_vendors import ResourceKind
from service_kit.access import AccessFile
from service_kit.bearer import bearer_of, token_hash
from service_kit.errors import TokenError
from service_kit.grants import Bound, allowed, narrow
from service_kit.health import Warn
from service_kit.settings import check_token
from service_kit.tokens import TaskClaims, Verifier
from starlette.datastructures import Headers
from starlette.types import Scope

from mcp_kit.tool import ToolSpec

JWT_DOTS = 2


@dataclass(frozen=True)
class Caller:
    """A caller and what it may do.

    Attributes:
        id: what its sessions are bound to: a task token's `jti`, or the person's name.
        bound: what it may do; None for a trusted caller, who is bound by the operator's settings alone.
        tenant: whose it is; None for a trusted caller.
        token: of a run, the task token itself, for the gateway; a person's is `person_token`.
        vendor_token: the vendor's token that the caller brought; it goes to the vendor alone, in place of ours.
    """

    id: str
    bound: Bound | None
    tenant: str | None = None
    task: TaskClaims | None = None
    token: str | None = field(default=None, repr=False)
    person_token: str | None = field(default=None, repr=False)
    vendor_token: str | None = field(default=None, repr=False)

    def may_use(self, spec: ToolSpec) -> bool:
        """Return whether the caller is granted a tool; a grant to read hides every tool that writes."""
        if self.bound is None:
            return True
        if spec.writes and self.bound.mode == "read":
            return False
        return self.bound.tools is None or spec.name in self.bound.tools

    def may_touch(self, kind: ResourceKind, name: str) -> bool:
        """Return whether the caller is granted a resource."""
        return self.bound is None or allowed(self.bound, kind, name)


OWNER = Caller(id="owner", bound=None)
"""Who started this process over stdio, or reaches it on loopback where no authentication is configured."""
NOBODY = Caller(id="nobody", bound=Bound(tools=[]))
"""A caller that authentication did not name: nothing is granted."""


class Callers:
    """Finds out whose token a request carries, and what of the vendor's that caller is granted."""

    remedy = "Send a run's own task token, or the token of a person of access.yaml, in Authorization: Bearer."

    def __init__(self, *, vendor: str, verifier: Verifier | None, access: AccessFile | None) -> None:
        self._vendor = vendor
        self._verifier = verifier
        self._access = access

    def file_warnings(self) -> dict[str, Warn]:
        """Return for each file a function that says whether its newest version is not in force."""
        files = {"access.yaml": self._access, "keys": self._verifier}
        return {name: file.fault for name, file in files.items() if file}

    def identify(self, token: str) -> Caller:
        """Return the caller whose token this is.

        Raises:
            TokenError: it opens nothing here; says why.
        """
        return self._run(token) if token.count(".") == JWT_DOTS else self._person(token)

    def _run(self, token: str) -> Caller:
        if self._verifier is None:
            raise TokenError("unknown", "this server takes no task tokens: AGENT_JWKS_FILE is not set")
        claims = self._verifier.task(token)
        if claims.vendor != self._vendor:
            raise TokenError("audience", f"the task token is for another vendor than {self._vendor}")
        grant = claims.grant
        bound = Bound(tools=list(grant.tools), resources=grant.resources, mode=grant.mode, limits=grant.limits)
        return Caller(id=claims.jti, bound=bound, tenant=claims.tenant, task=claims, token=token)

    def _person(self, token: str) -> Caller:
        found = self._access.current().person(token) if self._access else None
        if found is None:
            raise TokenError("unknown", "no person of access.yaml has this token, and it is no task token")
        name, person = found
        bound = self._within_tenant(person.vendors.get(self._vendor, Bound(tools=[])), person.tenant)
        return Caller(id=f"person:{name}", bound=bound, tenant=person.tenant, person_token=token)

    def _within_tenant(self, bound: Bound, tenant: str) -> Bound:
        """Return what the tenant's entry allows of a bound, as a gateway does, where the file has that entry."""
        entry = self._access.current().tenants.get(tenant) if self._access else None
        opened = entry.vendors.get(self._vendor) if entry else None
        return narrow(bound, opened, self._vendor) if opened else bound


class TokenBringers(Callers):
    """Takes every token for the caller's own at the vendor, which alone decides what it opens.

    A caller is known by a hash of its token, so that sessions, rates and what is kept of two callers never mix.
    """

    def __init__(self, *, vendor: str, title: str) -> None:
        super().__init__(vendor=vendor, verifier=None, access=None)
        self._title = title
        self.remedy = f"Send your own {title} token in Authorization: Bearer."

    def identify(self, token: str) -> Caller:
        """Return the caller that brought this token.

        Raises:
            TokenError: it cannot be sent in a header.
        """
        try:
            check_token(token)
        except ValueError as error:
            raise TokenError("malformed", f"this is no {self._title} token: {error}") from None
        return Caller(id=f"token:{token_hash(token)[:32]}", bound=None, vendor_token=token)


def caller_of(scope: Scope, callers: Callers | None) -> Caller | None:
    """Return by whom a request's bounds count, before fastmcp verifies its token; the owner without `callers`.

    None where the token opens nothing: such a request is passed on, and fastmcp refuses it in the words of `identify`.
    A token may end, or be revoked, while a body is read. So fastmcp verifies it again, and what is found here opens
    nothing.
    """
    if callers is None:
        return OWNER
    token = bearer_of(Headers(scope=scope).get("authorization"))
    try:
        return callers.identify(token) if token is not None else None
    except TokenError:
        return None
