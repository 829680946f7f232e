"""What a reply cost in tokens, and how a dialect's meter reads it from bytes that pass."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_LINE_BYTES = 8_000_000
MOST_TOKENS = 1_000_000_000
"""A larger number is taken for no figure, and has no place in the database."""


@dataclass(frozen=True)
class Tokens:
    """Tokens of one request; `input` is what was neither read from nor written to the cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    """The part of `cache_write` that is kept for an hour."""


class StreamEvents:
    """Puts the JSON objects of server-sent events together from chunks that may be cut anywhere."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """Take the next bytes; yield the data of each event that they end."""
        self._rest += chunk
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest[:MAX_LINE_BYTES])
        for line in lines:
            if line.startswith(b"data:") and (event := read_object(line[5:])) is not None:
                yield event


def read_object(raw: bytes | bytearray) -> dict[str, Any] | None:
    """Return a JSON object, or None where the bytes are something else."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def figure(value: object, otherwise: int) -> int:
    """Return a usable count of tokens, or `otherwise`."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS else otherwise
