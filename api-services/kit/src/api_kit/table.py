"""The closed table of routes: a request that is not in it is refused. The table is checked when it is made."""

from collections.abc import Iterable

from api_kit.errors import Refusal
from api_kit.json_paths import EVERY, PLACEHOLDER
from api_kit.paths import split
from api_kit.routes import Resource, Route, Search


class Table:
    """All routes of a gateway.

    Raises:
        ValueError: two routes are the same, or one lacks something or contradicts itself.
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


def _check(route: Route) -> None:
    for resource in route.resources:
        _check_resource(route, resource)
    if not route.several <= route.query:
        raise ValueError(f"{route.name}: what may have several values is no parameter of the query")
    if route.access_of and route.access == "read":
        raise ValueError(f"{route.name}: access_of is for a write; a read has none")
    if route.search and not route.reply_resources:
        raise ValueError(f"{route.name}: a search names the resources that its reply is of")
    if route.search and not _takes(route, route.search):
        raise ValueError(f"{route.name}: {route.search.parameter!r}, the text of its search, is no value that it takes")
    _check_target(route)
    if route.writes and not (route.tools and route.resources):
        raise ValueError(f"{route.name}: a write names the tools that may use it, and the resources that it touches")
    if route.writes and not route.idempotent and not (route.probe and route.verify_reply):
        raise ValueError(
            f"{route.name}: a write of which a repeat would do more has `verify_reply` for its reply, and a "
            "`probe` for one that was lost; it is idempotent=True where a repeat changes nothing more"
        )
    if route.unseen and (route.access != "write" or not route.idempotent):
        raise ValueError(f"{route.name}: what nobody sees is a write of which a repeat changes nothing more")
    by_path = any(resource.where == "path" for resource in route.resources)
    if not route.opaque <= set(route.accepts) or (route.opaque and not by_path):
        raise ValueError(f"{route.name}: an opaque reply is one of those accepted, of a resource that the path names")
    if route.mixed and (route.writes or not route.reply_resources):
        raise ValueError(f"{route.name}: a mixed list is a read, and `reply_resources` names the resources of its rows")
    if route.reply_resources and not (route.search or route.resources or route.reply_kind):
        raise ValueError(f"{route.name}: the resources of a reply need a kind")


def _check_target(route: Route) -> None:
    fields = route.body.fields if route.body else frozenset()
    for place in () if callable(route.target) else PLACEHOLDER.findall(route.target):
        single = (place in route.query) - (place in route.several)
        where = (place in route.template.parameters) + single + (_listed(place, fields) and EVERY not in place)
        if where != 1:
            raise ValueError(
                f"{route.name}: {place!r} in its target is no value of the path, the query or the body alone"
            )
    for place in () if callable(route.effect_fields) else route.effect_fields:
        if not any(field.startswith(f"{place}.") for field in fields) and not _listed(place, fields):
            raise ValueError(f"{route.name}: {place!r} in its effect_fields is no object of the body")


def _takes(route: Route, search: Search) -> bool:
    if search.where == "query":
        return search.parameter in route.query - route.several
    fields = route.body.fields if route.body else frozenset()
    return EVERY not in search.parameter and _listed(search.parameter, fields)


def _listed(place: str, fields: frozenset[str]) -> bool:
    """Say whether a place in the body is a listed field, or below one."""
    return any(place == field or place.startswith((f"{field}.", f"{field}{EVERY}")) for field in fields)


def _check_resource(route: Route, resource: Resource) -> None:
    if (resource.where == "lookup") != (resource.lookup is not None):
        raise ValueError(f"{route.name}: a resource has a lookup if and only if it is found by it")
    if (resource.where == "call") != (resource.names is not None):
        raise ValueError(f"{route.name}: a resource has names if and only if they are read off the call")
    known = route.template.parameters if resource.where == "path" else route.query
    if resource.where in ("path", "query") and not set(PLACEHOLDER.findall(resource.name)) <= known:
        raise ValueError(f"{route.name}: {resource.name} names what is no parameter of the {resource.where}")
