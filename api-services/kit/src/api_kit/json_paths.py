"""Places in a JSON document, written like `fields.project.key` or `blocks[].text`; `[]` stands for every item."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from service_kit.json_text import Json

from api_kit.errors import Refusal

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
EVERY = "[]"
MOST_PAIRS = 10_000
"""So many pairs of the items of two lists are made; more are refused."""
Path: TypeAlias = tuple[str, ...]
"""The steps to a place: the name of a field, or `[]` for every item of a list."""


@lru_cache(maxsize=1024)
def steps(place: str) -> Path:
    """Split a place into its steps."""
    return tuple(place.replace(EVERY, f".{EVERY}").removeprefix(".").split("."))


def find(document: Json, path: Path) -> list[Json]:
    """Return the values at a path, one for each item of its lists; None stands for a value that is not there."""
    return [row[""] for row in rows(document, {"": path})]


def rows(document: Json, paths: Mapping[str, Path]) -> list[dict[str, Json]]:
    """Return what stands at several paths, by name: one row for each item of the lists on the way.

    Paths through the same list are of the same item; where they lead through two lists, each item is paired with each.

    Raises:
        Refusal: `body`: there are too many pairs.
    """
    row: dict[str, Json] = {}
    within: dict[Path, dict[str, Path]] = {}
    for name, path in paths.items():
        if EVERY in path:
            place = path.index(EVERY)
            within.setdefault(path[:place], {})[name] = path[place + 1 :]
        else:
            row[name] = _at(document, path)
    found = [row]
    for path, below in within.items():
        items = _at(document, path)
        inner = [one for item in (items if isinstance(items, list) else [None]) for one in rows(item, below)]
        if len(found) > 1 and len(found) * len(inner) > MOST_PAIRS:
            raise Refusal("body", f"the lists {', '.join(map('.'.join, within))} make more than {MOST_PAIRS} pairs")
        found = [{**one, **more} for one in found for more in inner]
    return found


def _at(document: Json, path: Path) -> Json:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def replace(document: Json, path: Path, change: Callable[[Json], Json], *, passed: str = "") -> Json:
    """Return a document with every value at a path changed; what is null or not there stays so.

    Raises:
        Refusal: `body`: something else than the path says stands on the way, so that its end cannot be reached.
    """
    if document is None or not path:
        return document if document is None else change(document)
    step, rest = path[0], path[1:]
    if step == EVERY and isinstance(document, list):
        return [replace(item, rest, change, passed=passed + EVERY) for item in document]
    if step != EVERY and isinstance(document, dict):
        if step not in document:
            return document
        below = f"{passed}.{step}" if passed else step
        return {**document, step: replace(document[step], rest, change, passed=below)}
    shape = "a list" if step == EVERY else f"an object with {step!r}"
    raise Refusal("body", f"the body's field {passed!r} is not {shape}", remedy=f"Send {shape}, or leave it out.")


def put(document: Json, path: Path, value: Json) -> Json:
    """Return a document with a value at a path of names, and the objects that lead there.

    Raises:
        Refusal: `body`: something else than an object stands on the way.
    """
    if not path:
        return value
    if document is not None and not isinstance(document, dict):
        raise Refusal("body", f"the body has no object where it must have the field {'.'.join(path)!r}")
    there = document or {}
    return {**there, path[0]: put(there.get(path[0]), path[1:], value)}


def unlisted(value: Json, listed: frozenset[str], place: str = "") -> Iterator[str]:
    """Name the places of a document that are neither listed nor above a listed one; all below a listed one is too."""
    if place in listed:
        return
    below = {name[len(place)] for name in listed if name.startswith((f"{place}.", f"{place}{EVERY}"))}
    if isinstance(value, dict) and (not place or "." in below):
        for key, inner in value.items():
            name = f"{place}.{key}" if place else key
            if not key or "." in key or EVERY in key:
                yield name
            else:
                yield from unlisted(inner, listed, name)
    elif isinstance(value, list) and "[" in below:
        for item in value:
            yield from unlisted(item, listed, place + EVERY)
    elif value is not None or not below:
        yield place
