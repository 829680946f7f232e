"""A route: one kind of request that a gateway passes on, and everything that the gateway must know of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID

from agent_vendors import ResourceKind
from agent_vendors.search_grammar import SearchGrammar
from service_kit.http import Reply
from service_kit.json_text import Json

from api_kit import query
from api_kit.body import Body
from api_kit.classify import Classified, Classify
from api_kit.effect_target import target_of
from api_kit.errors import Refusal
from api_kit.paths import Template
from api_kit.query import Values

if TYPE_CHECKING:
    from api_kit.side_hosts import SideExchange

Access = Literal["read", "write", "danger"]


class Fetch(Protocol):
    """Reads a path of the upstream, which the vendor's own code built, with the caller's credential."""

    async def __call__(self, path: str, asked: Json = None) -> Json:
        """Return the document; None where the vendor says that the thing is not there. Any other failure is a Refusal.

        What is `asked` is sent as JSON by POST, which changes nothing, as a GraphQL query.
        """


@dataclass(frozen=True)
class Resource:
    """A resource that a route touches, and how its names are found. A request without a name is refused.

    Attributes:
        kind: of the vendor's record; it says how names are compared with a grant's.
        where: the part of the request that fills in `name`; `call` where `names` finds the names, and `lookup` where
            the vendor is asked for them.
        name: a format such as `{owner}/{repo}` or `{fields.project.key}`; `{channels[]}` gives a name for each item.
        names: returns the names by the whole checked request, as the project in `PROJ-7`.
        lookup: asks the vendor for the names.
        spelled_in: parameters of the path that a name is a part of, as `key` in which PROJ-7 names the project PROJ.
    """

    kind: ResourceKind
    where: Literal["path", "query", "body", "call", "lookup"]
    name: str = ""
    names: Callable[["Call"], Sequence[str]] | None = None
    lookup: Callable[["Call", Fetch], Awaitable[Sequence[str]]] | None = None
    spelled_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Search:
    """A search, whose text the gateway confines to resources; `Route.reply_resources` names those of what is found.

    Attributes:
        grammar: how the vendor reads the text: a `QualifierGrammar`, a `JqlGrammar`, or one of your own.
        parameter: the parameter that holds the text, or the place in the body.
        kind: the kind of resources that the grammar's scope names.
        where: whether the text is in the query or in a JSON body.
    """

    grammar: SearchGrammar
    parameter: str
    kind: ResourceKind
    where: Literal["query", "body"] = "query"


@dataclass(frozen=True)
class Probe:
    """How to find out what became of a write whose reply was lost.

    Attributes:
        find: takes the call, the effect's id, a way to read, and a time before the send. It returns the written thing
            as the vendor shows it, or None if it is not there, and raises a Refusal if it cannot tell. With `mark` it
            does without the call's body, which no row keeps: `Call.resources` has the names that the write touched.
        mark: puts the effect's id into the body, where people do not see it. A write that sets a state needs none: the
            state itself is found, by the call's body, but only at once and not by the row later.
        settle_window: seconds after the send. A read that finds nothing later than that proves that nothing was written
            and nothing will be. None: no read proves it.
        status: the status with which the vendor answers such a write.
    """

    find: Callable[["Call", UUID, Fetch, datetime], Awaitable[Json]]
    mark: Callable[[Json, UUID], Json] | None = None
    settle_window: float | None = None
    status: int = 200


@dataclass(frozen=True)
class Route:
    """One line of the table.

    Attributes:
        method: in capitals.
        path: the template, see `paths`.
        access: a task's request with `danger` is sent as an approved proposal only.
        access_of: of a write: returns what a request does by the whole checked request: `read`, which makes no effect,
            `write` or `danger`; None is a refusal. Without it a request does what `access` says.
        resources: all that the route touches; each must be in the grant.
        query: the parameters that are passed on.
        several: those of them that may have more than one value.
        body: the fields that a body may have; None: the request has no body.
        accepts: the media types that may be asked for; the first is the default.
        opaque: those of them whose reply is a file or a text, whatever content type it claims. Such a reply is passed
            on unread, so the path alone must name its resource.
        cache: of a read: whether a reply with an ETag is kept. The vendor is always asked whether it still holds.
        tier: the rate that counts, and the vendor's own bucket.
        tools: of a write: the tools that may use it.
        idempotent: of a write: whether a repeat changes nothing more, as where a state is set.
        unseen: of a write: what it makes is seen by nobody who does not know its id, until another write points to it.
            It needs a grant to write or to propose, is sent at once, and makes no effect.
        target: what a write is about, in its effect's row: a format such as `{owner}/{repo}#{number}` or `{channel}`,
            whose places are parameters of the path or the query, or places in the body; or a function of the call,
            whose resources are not known yet. What the request does not say is a refusal. Default: the path.
        effect_fields: of a write: the fields that its effect's row lists: those of the objects at these places in the
            body (`fields`), or what a function of the call returns. Default: those of the body itself.
        search: for a search: where its text is, and how it is confined.
        reply_resources: returns the names of the resources, of the route's kind, in a JSON reply; each is checked.
        reply_kind: that kind, where the request names no resource itself.
        mixed: of a read of a list in which the vendor mixes resources: rows of others than the grant's are left out.
            Elsewhere such a row is a reason to refuse the whole reply.
        verify_reply: of a write: compares the body with the reply, and says in words what is missing in the reply.
        probe: of a write: how a write without a reply is found.
        read_before: of a write: reads the things that it changes, as facts, for those who approve it. A fact with the
            name of a field of the body is compared with it. None: the thing is gone.
        classify: says what a reply of this route means, in place of the vendor's own.
        send: sends the request where that takes several requests or a side host.
    """

    method: str
    path: str
    access: Access = "read"
    access_of: Callable[["Call"], Access | None] | None = None
    resources: tuple[Resource, ...] = ()
    query: frozenset[str] = frozenset()
    several: frozenset[str] = frozenset()
    body: Body | None = None
    accepts: tuple[str, ...] = ("application/json",)
    opaque: frozenset[str] = frozenset()
    cache: bool = True
    tier: str = "core"
    tools: frozenset[str] = frozenset()
    idempotent: bool = False
    unseen: bool = False
    target: str | Callable[["Call"], str] = ""
    effect_fields: tuple[str, ...] | Callable[["Call"], Sequence[str]] = ()
    search: Search | None = None
    reply_resources: Callable[[Json], Sequence[str]] | None = None
    reply_kind: ResourceKind | None = None
    mixed: bool = False
    verify_reply: Callable[[Json, Json], str | None] | None = None
    probe: Probe | None = None
    read_before: Callable[["Call", Fetch], Awaitable[Mapping[str, Json] | None]] | None = None
    classify: Classify | None = None
    send: Callable[["Call", "SideExchange"], Awaitable["Answered"]] | None = None

    @property
    def name(self) -> str:
        """Name the route in effects, audit lines and metrics."""
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Whether its requests write, but for those that `access_of` knows as reads: an effect row comes first."""
        return self.access != "read"

    @property
    def kind(self) -> ResourceKind:
        """The kind of resources that `reply_resources` names."""
        return self.reply_kind or (self.search.kind if self.search else self.resources[0].kind)

    @cached_property
    def template(self) -> Template:
        """The path, compiled."""
        return Template(self.path)


@dataclass(frozen=True)
class Call:
    """A checked request. The gateway sends this and nothing else of the caller's request.

    `resources` has the names that the request touches, by their kind, once they are checked.
    """

    route: Route
    path: Mapping[str, str]
    query: Mapping[str, Values]
    body: Json = None
    accept: str = "application/json"
    conditions: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def path_and_query(self) -> str:
        """The path and query that are sent, built from what was checked."""
        return self.route.template.build(self.path) + (f"?{query.encode(self.query)}" if self.query else "")

    @property
    def target(self) -> str:
        """What the call is about; a Refusal where it does not say it."""
        return target_of(self)

    @property
    def access(self) -> Access:
        """What the request does; a Refusal where its route cannot tell."""
        access = self.route.access if self.route.access_of is None else self.route.access_of(self)
        if access is None:
            raise Refusal("access", f"{self.route.name} cannot tell what the request does")
        return access

    def touching(self, kind: str, names: Sequence[str]) -> "Call":
        """Return the call with these names among its resources."""
        return replace(self, resources={**self.resources, kind: [*self.resources.get(kind, ()), *names]})


@dataclass(frozen=True)
class Answered:
    """A vendor's reply, and what it says of the request."""

    reply: Reply
    said: Classified
