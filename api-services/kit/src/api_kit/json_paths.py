"""Places in a JSON document, written like `fields.project.key` or `blocks[].text`; `[]` stands for every item."""

import re
from collections.abc import Callable, Iterator, Mapping

from service_kit.json_text import Json

from api_kit.errors import Refusal

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
EVERY = "[]"


def find(document: Json, path: str) -> list[Json]:
    """Return the values at a path, one for each item of its lists; None stands for a value that is not there."""
    found: list[Json] = [document]
    for step in path.split("."):
        name = step.removesuffix(EVERY)
        found = [item.get(name) if isinstance(item, dict) else None for item in found]
        if step.endswith(EVERY):
            found = [inner for item in found for inner in (item if isinstance(item, list) else [None])]
    return found


def replace(document: Json, path: str, change: Callable[[Json], Json]) -> Json:
    """Return a document with every value at a path changed; values that are not there are left out."""
    step, _, rest = path.partition(".")
    name = step.removesuffix(EVERY)
    if not isinstance(document, dict) or document.get(name) is None:
        return document

    def inner(value: Json) -> Json:
        return replace(value, rest, change) if rest else change(value)

    value = document[name]
    if not step.endswith(EVERY):
        changed = inner(value)
    else:
        changed = [inner(item) for item in value] if isinstance(value, list) else inner(value)
    return {**document, name: changed}


def put(document: Json, path: str, value: Json) -> dict[str, Json]:
    """Return a document with a value at a path of names, and the objects that lead there.

    Raises:
        Refusal: `body`: something else than an object stands on the way.
    """
    name, _, rest = path.partition(".")
    if document is not None and not isinstance(document, dict):
        raise Refusal("body", f"the body has no object where it must have the field {path!r}")
    there = document or {}
    return {**there, name: put(there.get(name), rest, value) if rest else value}


def unlisted(document: Mapping[str, Json], listed: frozenset[str], prefix: str = "") -> Iterator[str]:
    """Name the fields of a document that are neither listed nor above a listed one; all below a listed one is too."""
    for key, value in document.items():
        path = prefix + key
        below = tuple(name for name in listed if name.startswith((f"{path}.", f"{path}{EVERY}.")))
        unclear = "." in key or EVERY in key
        if path in listed and not unclear:
            continue
        if unclear or not below:
            yield path
        elif isinstance(value, list) and any(name.startswith(path + EVERY) for name in below):
            for item in value:
                yield from unlisted(item, listed, f"{path}{EVERY}.") if isinstance(item, dict) else [path]
        elif isinstance(value, dict):
            yield from unlisted(value, listed, f"{path}.")
        elif value is not None:
            yield path
