"""Decides whether a caller may use a route, with a tool, on resources, and refuses what it may not. Pure."""

import re
from collections.abc import Mapping, Sequence

from agent_contracts import Grant, Mode
from agent_vendors import ResourceKind
from agent_vendors.search_grammar import SearchScopeError, SearchTextError
from service_kit.grants import allowed
from service_kit.json_text import Json

from api_kit import json_paths
from api_kit.callers import Caller
from api_kit.errors import Refusal
from api_kit.json_paths import EVERY, PLACEHOLDER
from api_kit.routes import Call, Resource, Route, Search


def check_route(route: Route, caller: Caller) -> None:
    """Check the tool against the grant, and the route's access where it does not depend on the request.

    Raises:
        Refusal: `tool`, `read_only`, `tool_missing` or `tool_route`.
    """
    tool, grant = caller.tool, caller.grant
    if tool is not None and not caller.any_tool and tool not in grant.tools:
        raise Refusal("tool", f"the tool {tool!r} is not in the grant")
    if route.writes and route.access_of is None:
        _check_write(route, caller)


def check_access(call: Call, caller: Caller) -> None:
    """Check what a request does against the grant.

    Raises:
        Refusal: `access`: the route cannot tell; `read_only`, `tool_missing` or `tool_route`.
    """
    if call.access != "read":
        _check_write(call.route, caller)


def _check_write(route: Route, caller: Caller) -> None:
    tool = caller.tool
    if caller.grant.mode == Mode.read:
        raise Refusal("read_only", f"{route.name} writes")
    if tool is None and not caller.any_tool:
        raise Refusal("tool_missing", f"{route.name} writes, and no tool is named")
    if tool is not None and tool not in route.tools:
        raise Refusal("tool_route", f"the tool {tool!r} does not use {route.name}")


def is_proposed(call: Call, caller: Caller) -> bool:
    """Return whether a write is stored for approval: the grant's mode is `propose`, or a task's write is dangerous."""
    return caller.grant.mode == Mode.propose or (call.access == "danger" and caller.task is not None)


def check_resources(grant: Grant, kind: ResourceKind, names: Sequence[str]) -> None:
    """Check that all names are in the grant.

    Raises:
        Refusal: `resource`.
    """
    for name in names:
        if not allowed(grant, kind, name):
            raise Refusal("resource", f"{name!r} is not among the {kind} of the grant")


def names_of(resource: Resource, call: Call) -> list[str]:
    """Return the names of a resource in the checked request.

    Raises:
        Refusal: `resource`, `body` or `query`: a name, or a part of one, is missing or is not a text.
    """
    if resource.names is not None:
        names = list(resource.names(call))
        if not names:
            raise Refusal("resource", f"the request names none of the {resource.kind}")
        return names
    where, places = resource.where, PLACEHOLDER.findall(resource.name)
    given: Json = call.body
    if where == "body":
        steps = call.route.body.steps if call.route.body else json_paths.steps
        paths = {place: steps(place) for place in places}
    else:
        values = call.path if where == "path" else call.query
        given = {name: [value] if isinstance(value, str) else list(value) for name, value in values.items()}
        paths = {place: (place, EVERY) for place in places}
    return [_filled(resource, row) for row in json_paths.rows(given, paths) or [dict.fromkeys(places)]]


def _filled(resource: Resource, row: Mapping[str, Json]) -> str:
    def value(place: re.Match[str]) -> str:
        found = row[place[1]]
        if not isinstance(found, str) or not found:
            reason = "body" if resource.where == "body" else "query"
            message = f"the {resource.where} must say {place[1]!r}, as text"
            raise Refusal(reason, message, remedy="Name the resource that the request is about.")
        return found

    return PLACEHOLDER.sub(value, resource.name)


def scoped(search: Search, grant: Grant, text: str) -> tuple[str, list[str]]:
    """Return a search text confined to what it chose, or else to all that the grant names; and these names.

    A pattern of the grant is searched where the vendor can confine a text to all that it names.

    Raises:
        Refusal: `search_scope` or `search_syntax`: the text could leave the scope; `resource`: a choice is outside the
            grant; `search_choice`: no text can be confined to a pattern of the grant, so that the caller must choose.
    """
    try:
        words, chosen = search.grammar.read(text)
        names = chosen or _granted(search, grant)
        check_resources(grant, search.kind, chosen)
        return search.grammar.build(words, names), names
    except SearchTextError as error:
        reason = "search_scope" if isinstance(error, SearchScopeError) else "search_syntax"
        raise Refusal(reason, f"the search text {error}", remedy=error.remedy) from None


def _granted(search: Search, grant: Grant) -> list[str]:
    named = grant.resources.get(search.kind, [])
    if not named:
        raise Refusal("resource", f"the grant holds no {search.kind}")
    if not all(map(search.grammar.can_name, named)):
        remedy = f"Add {search.grammar.choice} to the search text."
        raise Refusal("search_choice", f"the grant names its {search.kind} by a pattern", remedy=remedy)
    return list(named)
