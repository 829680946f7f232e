"""Reads JSON strictly: only what every reader understands in the same way, and what can be written again."""

import json
import math
from collections.abc import Iterable
from typing import NoReturn, TypeAlias

MOST_LEVELS = 100
"""Nested lists and objects at most, far below Python's recursion limit."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def read_json(text: str) -> Json:
    """Read a JSON document.

    Raises:
        ValueError: it is not JSON, is nested too deep, gives a key twice in one object, or holds NaN, Infinity or a
            number that is too large to keep; says which.
    """
    try:
        document: Json = json.loads(text, object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
    except RecursionError:
        raise _too_deep() from None
    level: list[Json] = [document]
    for _ in range(MOST_LEVELS):
        level = [inner for item in level for inner in _inner(item)]
    if any(isinstance(item, list | dict) for item in level):
        raise _too_deep()
    return document


def _inner(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> ValueError:
    return ValueError(f"it is nested too deep: at most {MOST_LEVELS} lists and objects within one another are read")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:80]!r} is given twice in one object: leave one of them out")
        found[key] = value
    return found


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:50]} is too large: send it as text")
    return value


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON value: send null, or leave it out")
