"""Who calls, and for what: the service token says who, the task token for what, and alone it opens nothing."""

import re
from dataclasses import dataclass, replace
from uuid import UUID

from agent_contracts import Grant
from service_kit.access import Access, AccessFile
from service_kit.errors import TokenError
from service_kit.grants import Bound, narrow
from service_kit.tokens import Verifier
from starlette.datastructures import Headers

from api_kit.errors import Refusal

SCHEMES = frozenset({"bearer", "token"})
"""Ordinary GitHub clients write `token`, all others `Bearer`."""

_TOOL = re.compile(r"[a-z0-9_]{1,64}")
_CALL = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Caller:
    """A caller with what it may do here.

    Attributes:
        service: the service whose token it is.
        tenant: the task's, or the service's own.
        grant: the task's grant within the tenant's entry, or what the service's entry opens.
        task: the task, unless the service calls for itself.
        attempt: of the task.
        tool: what X-Agent-Tool said.
        call: what X-Agent-Call said: it tells one tool call from the task's others.
        tool_calls: how many the task may make, over all its attempts; None for any number.
        any_tool: the service calls for itself, and its entry leaves tools open.
    """

    service: str
    tenant: str
    grant: Grant
    task: UUID | None = None
    attempt: int | None = None
    tool: str | None = None
    any_tool: bool = False
    call: str | None = None
    tool_calls: int | None = None

    @property
    def key(self) -> str:
        """What its requests are counted under."""
        return f"task:{self.tenant}:{self.task}" if self.task else f"service:{self.service}"


class Callers:
    """Tells callers by their tokens."""

    def __init__(self, access: AccessFile, verifier: Verifier, *, vendor: str) -> None:
        self._access = access
        self._verifier = verifier
        self._vendor = vendor

    def identify(self, headers: Headers) -> Caller:
        """Tell who calls.

        Raises:
            Refusal: `service_token`, `task_token`, `tenant`, `vendor` or `header`.
        """
        access = self._access.current()
        service = access.service(_bearer(one(headers, "authorization")))
        if service is None:
            raise Refusal("service_token", "no service of access.yaml has this token")
        tool = one(headers, "x-agent-tool")
        if tool is not None and not _TOOL.fullmatch(tool):
            raise Refusal("header", "X-Agent-Tool is not the name of a tool")
        call = one(headers, "x-agent-call")
        if call is not None and not _CALL.fullmatch(call):
            raise Refusal("header", "X-Agent-Call is not 1 to 64 letters, digits, - or _")
        token = one(headers, "x-task-token")
        if token is None:
            return self._alone(access, service, tool)
        try:
            claims = self._verifier.task(token)
        except TokenError as error:
            raise Refusal("task_token", f"the task token is refused ({error.reason}): {error}") from None
        if claims.vendor != self._vendor:
            raise Refusal("vendor", f"the task token is for the vendor {claims.vendor!r}, not {self._vendor!r}")
        grant = narrow(claims.grant, self._entry(access, claims.tenant))
        return Caller(
            service, claims.tenant, grant, claims.task, claims.attempt, tool, call=call, tool_calls=claims.tool_calls
        )

    def narrowed(self, caller: Caller) -> Caller:
        """Give a caller of before with what its tenant's entry allows now.

        Raises:
            Refusal: `tenant`.
        """
        return replace(caller, grant=narrow(caller.grant, self._entry(self._access.current(), caller.tenant)))

    def _entry(self, access: Access, tenant: str) -> Bound:
        entry = access.tenants.get(tenant)
        bound = entry.vendors.get(self._vendor) if entry else None
        if bound is None:
            raise Refusal("tenant", f"the tenant {tenant!r} has no entry for {self._vendor!r}")
        return bound

    def _alone(self, access: Access, service: str, tool: str | None) -> Caller:
        entry = access.services[service]
        opens = entry.opens.get(self._vendor)
        if opens is None:
            remedy = f"Send the run's task token in X-Task-Token, or open {self._vendor} in the service's entry."
            message = f"without a task token the service {service!r} opens nothing here"
            raise Refusal("task_token", message, remedy=remedy)
        grant = Grant(tools=opens.tools or [], resources=opens.resources, mode=opens.mode, limits=opens.limits)
        return Caller(service, entry.tenant, grant, tool=tool, any_tool=opens.tools is None)


def one(headers: Headers, name: str) -> str | None:
    """Give a header that must not be there twice.

    Raises:
        Refusal: `header`: it is.
    """
    values = headers.getlist(name)
    if len(values) > 1:
        raise Refusal("header", f"the header {name} is given {len(values)} times", remedy="Send it once.")
    return values[0] if values else None


def _bearer(value: str | None) -> str:
    scheme, _, token = (value or "").partition(" ")
    if scheme.lower() not in SCHEMES or not token.strip():
        raise Refusal("service_token", "the request holds no service token")
    return token.strip()
