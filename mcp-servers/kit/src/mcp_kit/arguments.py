"""Reads a call's arguments as clients really send them, before they are held to the tool's schema."""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from service_kit.json_text import read_json

MOST_CHARACTERS = 1_000
"""Characters of a text, where the argument sets no bound of its own."""
MOST_DIGITS = 18
"""Digits of a number: what counts in 64 bits reads these."""
EXTRAS = frozenset({"toolCallId", "sessionId", "action", "chatInput"})
"""n8n's agent sends them along with every call: https://github.com/n8n-io/n8n/issues/21500."""
Peers = Mapping[str, Sequence[str]]
"""An argument of ours, and the names that other servers for the vendor have for it.

A name with a slash stands for several arguments, whose texts are joined by a slash: `owner/repo`.
"""


def as_meant(arguments: Mapping[str, Any], fields: Mapping[str, FieldInfo], peers: Peers) -> dict[str, Any]:
    """Return a call's arguments as the client means them.

    A null is left out where the schema gives it no meaning, JSON text becomes the list or object that is asked for,
    what clients send along is dropped, and a peer's argument names are read as ours.
    """
    given = {name: value for name, value in arguments.items() if name in fields or name not in EXTRAS}
    for ours, theirs in peers.items():
        for names in (one.split("/") for one in theirs):
            if ours in fields and ours not in given and all(name in given and name not in fields for name in names):
                values = [given.pop(name) for name in names]
                given[ours] = values[0] if len(values) == 1 else "/".join(map(str, values))
    meant = {name: _read(value, fields[name].annotation) if name in fields else value for name, value in given.items()}
    return without_nulls(meant, fields)


def without_nulls(given: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> dict[str, Any]:
    """Leave out each null to which its field gives no meaning."""
    return {
        name: value
        for name, value in given.items()
        if value is not None or name not in fields or NoneType in _types(fields[name].annotation)
    }


def odd_booleans(arguments: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> list[str]:
    """Return the arguments that are true or false where a number is asked for: pydantic would read them as 1 or 0."""
    return [name for name, value in arguments.items() if name in fields and _odd(value, fields[name].annotation)]


def holds_huge_number(value: Any) -> bool:
    """Say whether a value holds a number of more than `MOST_DIGITS` digits, at whatever depth."""
    if isinstance(value, int):
        return not -(10**MOST_DIGITS) < value < 10**MOST_DIGITS
    if isinstance(value, BaseModel):
        value = vars(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(holds_huge_number, inner))


def _read(value: Any, annotation: Any) -> Any:
    wanted = _types(annotation) & {list, dict}
    if not isinstance(value, str) or not wanted or str in _types(annotation):
        return value
    try:
        found = read_json(value)
    except ValueError:
        return value
    return found if type(found) in wanted else value


def _odd(value: Any, annotation: Any) -> bool:
    if isinstance(value, list):
        inner = [one for part in _parts(annotation) if get_origin(part) is list for one in get_args(part)]
        return any(_odd(item, one) for item in value for one in inner)
    if isinstance(value, dict):
        return any(_odd(item, one) for part in _parts(annotation) for item, one in _values(value, part))
    types = _types(annotation)
    return isinstance(value, bool) and bool not in types and not types.isdisjoint({int, float})


def _values(given: dict[str, Any], annotation: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each value of an object with the annotation that its model, or its mapping, has for it."""
    if get_origin(annotation) is dict:
        yield from ((value, get_args(annotation)[1]) for value in given.values())
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        yield from ((value, fields[name].annotation) for name, value in given.items() if name in fields)


def _types(annotation: Any) -> set[type]:
    """Return the plain types of a union's parts: `list[str] | None` has list and NoneType."""
    found: set[type] = set()
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            found |= {type(value) for value in get_args(part)}
        else:
            found.add(get_origin(part) or part)
    return found


def _parts(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for part in get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation
