"""The closed table of routes: what a gateway passes on, and everything that it must know of a route to do so."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from string import Formatter
from typing import Literal
from uuid import UUID

from service_kit.json_text import Json

from api_kit.body import Body
from api_kit.errors import Refusal
from api_kit.paths import Template, split
from api_kit.search import Search

Fetch = Callable[[str], Awaitable[Json]]
"""Reads a path of the upstream, which the vendor's own code built, with the caller's credential.

None means that the vendor says that it is not there (404, 410); whatever else it answers in place of it is a Refusal.
"""


@dataclass(frozen=True)
class Resource:
    """A resource that a route touches, and where its name is found.

    Attributes:
        kind: as in grants: `repositories`, `projects`, `channels`.
        where: the values that `name` is filled from, or `lookup`. (A qualifier is the route's `search`.)
        name: a format such as `{owner}/{repo}`.
        lookup: for `lookup`: finds the names from the checked path parameters.
    """

    kind: str
    where: Literal["path", "query", "body", "lookup"]
    name: str = ""
    lookup: Callable[[Mapping[str, str], Fetch], Awaitable[Sequence[str]]] | None = None


@dataclass(frozen=True)
class Probe:
    """How to find out what became of a write whose reply was lost.

    Attributes:
        find: gets the call, the effect's id, a way to read, and a time that is surely before the send; gives what was
            written, as the vendor shows it, or None where it is not there; a Refusal where that cannot be said.
        mark: puts the effect's id into the body, where nobody sees it; without it a state is set, which shows itself.
        settle_window: seconds since the send after which a read that finds nothing proves that nothing was written, or
            ever will be; None where nothing proves it.
        status: the vendor's status of such a write that was done.
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
        access: `danger` goes out for a task as an approved proposal only.
        resources: all that the route touches; each must be in the grant.
        query: the parameters that are passed on.
        body: what a body may hold; without it there must be none.
        accepts: the media types that may be asked for; the first is the default.
        opaque: those of them whose reply is a file or a text of its own, whatever content type it claims: it is passed
            on unread, so that the path alone must say what it is of.
        cache: of a read: whether a reply with an ETag is kept, and the vendor asked whether it still holds.
        tier: the rate that counts, and the vendor's own bucket.
        tools: of a write: the tools that may use it.
        idempotent: of a write: whether a repeat changes nothing more (a state is set), or does (something is created).
        target: a format over the path parameters: what the effect row names.
        search: for a search: how its text is confined.
        owners: names the resources, of the kind of the route, that a JSON reply is of; each is checked.
        confirm: of a write: compares what was asked with a 2xx reply, and says what is missing.
        probe: of a write: how a lost reply is found out.
        subject: of a write: reads what it changes, as facts by name, for those who approve it.
    """

    method: str
    path: str
    access: Literal["read", "write", "danger"] = "read"
    resources: tuple[Resource, ...] = ()
    query: frozenset[str] = frozenset()
    body: Body | None = None
    accepts: tuple[str, ...] = ("application/json",)
    opaque: frozenset[str] = frozenset()
    cache: bool = True
    tier: str = "core"
    tools: frozenset[str] = frozenset()
    idempotent: bool = False
    target: str = ""
    search: Search | None = None
    reply_resources: Callable[[Json], Sequence[str]] | None = None
    verify_reply: Callable[[Json, Json], str | None] | None = None
    probe: Probe | None = None
    read_before: Callable[["Call", Fetch], Awaitable[Mapping[str, Json] | None]] | None = None

    @property
    def name(self) -> str:
        """Name the route in effects, audit lines and metrics."""
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Whether an effect row comes first."""
        return self.access != "read"

    @property
    def kind(self) -> str:
        """The kind of resources that `owners` names."""
        return self.search.kind if self.search else self.resources[0].kind

    @cached_property
    def template(self) -> Template:
        """The path, compiled."""
        return Template(self.path)


@dataclass(frozen=True)
class Call:
    """A checked request: this, and nothing else of what came, is sent."""

    route: Route
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json = None
    accept: str = "application/json"
    conditions: Mapping[str, str] | None = None

    @property
    def target(self) -> str:
        """Name what the call is about."""
        return self.route.target.format(**self.path) if self.route.target else self.route.template.build(self.path)


class Table:
    """All routes of a gateway.

    Raises:
        ValueError: two routes are the same, or one is not whole.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        for route in self.routes:
            _check(route)
        names = [route.name for route in self.routes]
        if len(set(names)) != len(names):
            raise ValueError("two routes have the same method and path")
        self._by_shape = sorted(self.routes, key=lambda route: -route.template.literals)

    def match(self, method: str, raw_path: bytes) -> tuple[Route, dict[str, str]]:
        """Find the route of a raw path, and read its parameters.

        Raises:
            Refusal: `unknown_route`, `method` or `path`.
        """
        segments = split(raw_path)
        fitting = [route for route in self._by_shape if route.template.fits(segments)]
        if not fitting:
            raise Refusal("unknown_route", "this path is not in the gateway's table")
        same = [route for route in fitting if route.path == fitting[0].path]
        for route in same:
            if route.method == method:
                return route, route.template.read(segments)
        allow = tuple(sorted(route.method for route in same))
        raise Refusal("method", f"{method[:20]} is not a method of {fitting[0].path}", allow=allow)


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _check(route: Route) -> None:
    for resource in route.resources:
        if (resource.where == "lookup") != (resource.lookup is not None):
            raise ValueError(f"{route.name}: a resource has a lookup if and only if it is found by it")
        known = route.template.parameters if resource.where == "path" else route.query
        if resource.where in ("path", "query") and not _fields(resource.name) <= known:
            raise ValueError(f"{route.name}: {resource.name} names what is no parameter of the {resource.where}")
    if not _fields(route.target) <= route.template.parameters:
        raise ValueError(f"{route.name}: {route.target} names what is no parameter of the path")
    if route.writes and not (route.tools and route.resources):
        raise ValueError(f"{route.name}: a write names the tools that may use it, and the resources that it touches")
    if route.writes and not route.idempotent and not (route.probe and route.verify_reply):
        raise ValueError(
            f"{route.name}: a write of which a repeat would do more has a `confirm` for its reply, and a `probe` for "
            "one that was lost; it is idempotent=True where a repeat changes nothing more"
        )
    by_path = any(resource.where == "path" for resource in route.resources)
    if not route.opaque <= set(route.accepts) or (route.opaque and not by_path):
        raise ValueError(f"{route.name}: an opaque reply is one of those accepted, of a resource that the path names")
    if route.reply_resources and not (route.search or route.resources):
        raise ValueError(f"{route.name}: a reply's owners need a kind")
