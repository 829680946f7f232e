"""Queries: only listed parameters, each once unless it may have several values, decoded once and encoded anew."""

from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import quote

from service_kit.untrusted_text import is_control

from api_kit.errors import Refusal
from api_kit.paths import unescape

MAX_BYTES = 8192
MOST_PAIRS = 10_000
"""Of a form, whose body has its own limit of bytes."""
Values: TypeAlias = str | tuple[str, ...]
"""The value of a parameter, or all values of one that may have several."""


def parse(raw: bytes, allowed: frozenset[str], several: frozenset[str] = frozenset()) -> dict[str, Values]:
    """Read a raw query of allowed parameters, of which `several` may be given more than once.

    Raises:
        Refusal: `query`: a parameter is unknown, doubled, badly encoded or holds a control character.
    """
    if len(raw) > MAX_BYTES:
        raise Refusal("query", f"the query is longer than {MAX_BYTES} bytes")
    found: dict[str, Values] = {}
    for name, value in pairs(raw, "query"):
        if name not in allowed:
            listed = ", ".join(sorted(allowed)) or "none"
            raise Refusal("query", f"the query parameter {name[:100]!r} is not one of this route ({listed})")
        if name in found and name not in several:
            raise Refusal("query", f"the query parameter {name!r} is given twice")
        if value is None or any(is_control(character) for character in value):
            raise Refusal("query", f"the query parameter {name!r} has no value, or a control character in it")
        found[name] = (*found.get(name, ()), value) if name in several else value
    return found


def pairs(raw: bytes, reason: str) -> list[tuple[str, str | None]]:
    """Split `a=b&c=d` and decode each part once; a name without an equals sign has the value None.

    Raises:
        Refusal: an escape is broken, or there are too many.
    """
    found: list[tuple[str, str | None]] = []
    if raw.count(b"&") >= MOST_PAIRS:
        raise Refusal(reason, f"it has more than {MOST_PAIRS} parameters, the most that are read")
    for pair in raw.decode("latin-1").split("&") if raw else ():
        name, equals, value = (unescape(part.replace("+", " "), reason) for part in pair.partition("="))
        found.append((name, value if equals else None))
    return found


def encode(values: Mapping[str, Values]) -> str:
    """Return `a=b&c=d` of checked parameters."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, given in values.items()
        for value in ([given] if isinstance(given, str) else given)
    )
