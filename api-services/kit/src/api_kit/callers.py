"""Who calls, and for whom: a service token names the service; a task token or a person's token says for whom."""

import re
from dataclasses import dataclass, replace
from uuid import UUID

from agent_contracts import Grant
from service_kit.access import Access, AccessFile, Person
from service_kit.bearer import bearer_of
from service_kit.errors import TokenError
from service_kit.grants import Bound, narrow
from service_kit.health import Warn
from service_kit.tokens import Verifier
from starlette.datastructures import Headers

from api_kit.errors import Refusal

SCHEMES = frozenset({"bearer", "token"})
"""The schemes under which vendors' ordinary clients send a token, in lower case."""

_TOOL = re.compile(r"[a-z0-9_]{1,64}")
_CALL = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Caller:
    """A caller, and what it may do here.

    Attributes:
        service: the service whose token it is.
        tenant: the task's, the person's, or the service's own.
        grant: the task's grant or the person's entry within the tenant's entry, or what the service's entry opens.
        call: the id in X-Agent-Call, by which the tool calls of a task are counted.
        tool_calls: how many tool calls the task may make, over all its attempts; None for any number.
        any_tool: whether it may use every tool: it has no task, and its entry names no tools.
        signatures: hashes by which the signatures of the run's other tokens are known.
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
    person: str | None = None
    signatures: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key under which its requests are counted."""
        if self.task:
            return f"task:{self.tenant}:{self.task}"
        return self.name if self.person else f"service:{self.service}"

    @property
    def name(self) -> str:
        """The owner of its writes; a service's name has no colon, so no service is taken for a person."""
        return f"person:{self.person}" if self.person else self.service


class Callers:
    """Identifies callers by their tokens."""

    def __init__(self, access: AccessFile, verifier: Verifier, *, vendor: str) -> None:
        self._access = access
        self._verifier = verifier
        self._vendor = vendor

    def faults(self) -> dict[str, Warn]:
        """Return checks for `/ready`: each says whether the newest version of a file is not in force."""
        return {"access.yaml": self._access.fault, "keys": self._verifier.fault}

    def weights(self) -> dict[str, int]:
        """Return the weight of each tenant that has an entry for the vendor, by name."""
        tenants = self._access.current().tenants
        return {name: entry.weight for name, entry in tenants.items() if self._vendor in entry.vendors}

    def identify(self, headers: Headers) -> Caller:
        """Return the caller of a request.

        Raises:
            Refusal: `service_token`, `task_token`, `person_token`, `tenant`, `vendor` or `header`.
        """
        access = self._access.current()
        shown = bearer_of(single_header(headers, "authorization"), SCHEMES)
        if shown is None:
            raise Refusal("service_token", "the request holds no service token")
        service = access.service(shown)
        if service is None:
            raise Refusal("service_token", "no service of access.yaml has this token")
        tool = single_header(headers, "x-agent-tool")
        if tool is not None and not _TOOL.fullmatch(tool):
            raise Refusal("header", "X-Agent-Tool is not the name of a tool")
        call = single_header(headers, "x-agent-call")
        if call is not None and not _CALL.fullmatch(call):
            raise Refusal("header", "X-Agent-Call is not 1 to 64 letters, digits, - or _")
        token, person = single_header(headers, "x-task-token"), single_header(headers, "x-person-token")
        if person is not None:
            if token is not None:
                raise Refusal("header", "a request is for a task or for a person: it has both tokens")
            return self._for_person(access, service, person, tool, call)
        if token is None:
            return self._alone(access, service, tool)
        try:
            claims = self._verifier.task(token)
        except TokenError as error:
            raise Refusal("task_token", f"the task token is refused ({error.reason}): {error}") from None
        if claims.vendor != self._vendor:
            raise Refusal("vendor", f"the task token is for the vendor {claims.vendor!r}, not {self._vendor!r}")
        grant = narrow(claims.grant, self._entry(access, claims.tenant), self._vendor)
        return Caller(
            service,
            claims.tenant,
            grant,
            claims.task,
            claims.attempt,
            tool,
            call=call,
            tool_calls=claims.tool_calls,
            signatures=claims.signatures,
        )

    def narrowed(self, caller: Caller) -> Caller:
        """Return an earlier caller with the grant that its tenant's and its person's entries allow now.

        Raises:
            Refusal: `tenant` or `person`.
        """
        access = self._access.current()
        bound = self._entry(access, caller.tenant)
        if caller.person is None:
            return replace(caller, grant=narrow(caller.grant, bound, self._vendor))
        person = access.people.get(caller.person)
        if person is None or person.tenant != caller.tenant:
            raise Refusal("person", f"access.yaml has no person {caller.person!r} of this tenant any more")
        bound = narrow(self._own(caller.person, person), bound, self._vendor)
        if caller.any_tool and bound.tools is not None:
            caller = replace(caller, any_tool=False, grant=caller.grant.model_copy(update={"tools": bound.tools}))
        return replace(caller, grant=narrow(caller.grant, bound, self._vendor))

    def _own(self, name: str, person: Person) -> Bound:
        bound = person.vendors.get(self._vendor)
        if bound is None:
            raise Refusal("person", f"the person {name!r} has no entry for {self._vendor!r}")
        return bound

    def _entry(self, access: Access, tenant: str) -> Bound:
        entry = access.tenants.get(tenant)
        bound = entry.vendors.get(self._vendor) if entry else None
        if bound is None:
            raise Refusal("tenant", f"the tenant {tenant!r} has no entry for {self._vendor!r}")
        return bound

    def _for_person(self, access: Access, service: str, token: str, tool: str | None, call: str | None) -> Caller:
        found = access.person(token)
        if found is None:
            raise Refusal("person_token", "no person of access.yaml has this token")
        name, person = found
        bound = narrow(self._own(name, person), self._entry(access, person.tenant), self._vendor)
        return Caller(
            service, person.tenant, _grant(bound), tool=tool, any_tool=bound.tools is None, call=call, person=name
        )

    def _alone(self, access: Access, service: str, tool: str | None) -> Caller:
        entry = access.services[service]
        opens = entry.opens.get(self._vendor)
        if opens is None:
            remedy = f"Send the run's task token in X-Task-Token, or open {self._vendor} in the service's entry."
            message = f"without a task token the service {service!r} opens nothing here"
            raise Refusal("task_token", message, remedy=remedy)
        return Caller(service, entry.tenant, _grant(opens), tool=tool, any_tool=opens.tools is None)


def _grant(bound: Bound) -> Grant:
    return Grant(tools=bound.tools or [], resources=bound.resources, mode=bound.mode, limits=bound.limits)


def single_header(headers: Headers, name: str) -> str | None:
    """Return a header, None if it is not there.

    Raises:
        Refusal: `header`: it is there more than once.
    """
    values = headers.getlist(name)
    if len(values) > 1:
        raise Refusal("header", f"the header {name} is given {len(values)} times", remedy="Send it once.")
    return values[0] if values else None
