"""Queries: only listed parameters, each at most once, decoded once and encoded anew."""

from collections.abc import Mapping
from urllib.parse import quote

from api_kit.errors import Refusal
from api_kit.paths import is_control, unescape

MAX_BYTES = 8192


def parse(raw: bytes, allowed: frozenset[str]) -> dict[str, str]:
    """Read a raw query.

    Raises:
        Refusal: `query`: a parameter is unknown, doubled, badly encoded or holds a control character.
    """
    if len(raw) > MAX_BYTES:
        raise Refusal("query", f"the query is longer than {MAX_BYTES} bytes")
    found: dict[str, str] = {}
    for pair in raw.decode("latin-1").split("&") if raw else ():
        name, equals, value = (unescape(part.replace("+", " "), "query") for part in pair.partition("="))
        if name not in allowed:
            listed = ", ".join(sorted(allowed)) or "none"
            raise Refusal("query", f"the query parameter {name[:100]!r} is not one of this route ({listed})")
        if name in found:
            raise Refusal("query", f"the query parameter {name!r} is given twice")
        if not equals or any(is_control(character) for character in value):
            raise Refusal("query", f"the query parameter {name!r} has no value, or a control character in it")
        found[name] = value
    return found


def build(values: Mapping[str, str]) -> str:
    """Make a query from checked parameters, with its question mark; nothing from none."""
    pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in values.items())
    return f"?{pairs}" if pairs else ""
