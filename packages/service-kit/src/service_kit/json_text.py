"""Reads JSON strictly: only what every reader understands in the same way, and what can be written again."""

import json
import math
from itertools import accumulate
from typing import NoReturn, TypeAlias

from service_kit.request_shares import take_values

MOST_LEVELS = 100
"""Nested lists and objects at most, far below Python's recursion limit."""
MOST_VALUES = 100_000
"""Values of a document at most: each takes the time of hundreds of bytes of text."""
OTHER_BYTES = bytes(byte for byte in range(256) if byte not in b'",[]{}')
STEPS = bytes(1 if byte in b"[{" else 255 if byte in b"]}" else byte for byte in range(256))
"""A level up or down, as a signed byte."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def count_values(raw: bytes, most: int = MOST_VALUES) -> int:
    """Return how many values JSON text holds at most, in linear time and before it is parsed.

    Where the text is no JSON the number holds for the part before the fault, which is all that a parser reads.

    Raises:
        ValueError: it holds more than `most`, or is nested too deep; says which, and what to do.
    """
    structure = raw.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, OTHER_BYTES)
    if structure.count(b'"') > 4 * most:
        raise _too_many(most)
    outside = b"".join(structure.split(b'"')[::2])
    brackets = outside.translate(None, b",")
    values = 1 + len(outside) - outside.count(b"]") - outside.count(b"}")
    if values > most or len(brackets) > 2 * most:
        raise _too_many(most)
    if max(accumulate(memoryview(brackets.translate(STEPS)).cast("b")), default=0) > MOST_LEVELS:
        raise ValueError(f"it is nested too deep: at most {MOST_LEVELS} lists and objects within one another are read")
    return values


def read_json(text: str | bytes, most_values: int = MOST_VALUES) -> Json:
    """Read a JSON document; its values are counted first, in the present share too.

    Raises:
        ValueError: it is not JSON, not UTF-8, has too many values or levels, gives a key twice in one object, or holds
            NaN, Infinity or a number that is too large to keep; says which.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    take_values(count_values(raw, most_values))
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    document: Json = json.loads(text, object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
    return document


def _too_many(most: int) -> ValueError:
    return ValueError(f"it holds more than {most} values, the most that are read: send fewer, or text in their place")


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
