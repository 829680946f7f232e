"""What an effect's row says of a write: the target that it is about, and the fields that it sets."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from service_kit.json_text import Json
from service_kit.untrusted_text import is_control

from api_kit import json_paths
from api_kit.errors import Refusal
from api_kit.json_paths import PLACEHOLDER

if TYPE_CHECKING:
    from api_kit.routes import Call

MOST_CHARACTERS = 500
_REMEDY = "Name in the request what it is about."


def target_of(call: "Call") -> str:
    """Return what a call is about.

    Raises:
        Refusal: `body` or `query`: the request does not say it; names the field that is missing.
    """
    route = call.route
    if not route.target:
        return route.template.build(call.path)
    target = route.target(call) if callable(route.target) else _filled(route.target, call)
    if not target or len(target) > MOST_CHARACTERS or any(map(is_control, target)):
        message = f"{route.name} cannot tell from the request what it is about, in {MOST_CHARACTERS} plain characters"
        raise Refusal("body" if route.body else "query", message, remedy=_REMEDY)
    return target


def fields_of(call: "Call") -> list[str]:
    """Return the names of the fields that a call sets, sorted; of a bare list the fields of the route."""
    route, body = call.route, call.body
    if callable(route.effect_fields):
        return sorted(set(route.effect_fields(call)))
    if not isinstance(body, dict):
        return sorted(route.body.fields) if route.body and body is not None else []
    within: list[Json] = [body]
    if route.effect_fields:
        within = [found for place in route.effect_fields for found in json_paths.find(body, json_paths.steps(place))]
    return sorted({name for fields in within if isinstance(fields, dict) for name in fields})


def with_folded_names(call: "Call") -> "Call":
    """Return a call whose names of resources have the form in which the vendor compares them."""
    path, query, body = dict(call.path), dict(call.query), call.body
    for resource in call.route.resources:
        fold, places = resource.kind.fold, PLACEHOLDER.findall(resource.name)
        if resource.where == "body" and call.route.body is not None:
            for place in places:
                body = json_paths.replace(body, call.route.body.steps(place), partial(_folded, fold))
        elif resource.where == "query":
            query |= {place: _folded(fold, query[place]) for place in places if place in query}
        within = (*resource.spelled_in, *(places if resource.where == "path" else ()))
        path |= {place: fold(path[place]) for place in within}
    return replace(call, path=path, query=query, body=body)


def _folded(fold: Callable[[str], str], value: Any) -> Any:
    """Fold a name, or each of several."""
    if isinstance(value, list | tuple):
        return type(value)(_folded(fold, one) for one in value)
    return fold(value) if isinstance(value, str) else value


def _filled(template: str, call: "Call") -> str:
    """Fill a template; of several values none may hold a sign that stands between them: it would be another target."""
    names = PLACEHOLDER.findall(template)
    between = set(re.sub(r"\w", "", PLACEHOLDER.sub("", template))) if len(names) > 1 else set()

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in call.path:
            return call.path[name]
        shape, where, value = call.route.body, "query", cast(Json, call.query.get(name))
        if shape is not None and name not in call.route.query:
            where, (value,) = "body", json_paths.find(call.body, shape.steps(name))
        if type(value) is int:
            value = str(value)
        if not isinstance(value, str) or not value or not between.isdisjoint(value):
            signs = f", and without {' '.join(sorted(between))}" if between else ""
            raise Refusal(where, f"the {where} must say {name!r}, as text{signs}", remedy=_REMEDY)
        return value

    return PLACEHOLDER.sub(value, template)
