"""What a reply cost in tokens, read from its bytes while they pass: whole JSON, or the events of a stream."""

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

MAX_LINE_BYTES = 8_000_000
MOST_TOKENS = 1_000_000_000
"""What is over it is no figure, and has no place in the database."""


@dataclass(frozen=True)
class Tokens:
    """Tokens of one request; `input` is what was neither read from nor written to the cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    """The part of `cache_write` that is kept for an hour."""

    def updated(self, usage: object) -> "Tokens":
        """Take over the figures that a usage object of the API holds."""
        if not isinstance(usage, dict):
            return self
        detail = usage.get("cache_creation")
        hour = detail.get("ephemeral_1h_input_tokens") if isinstance(detail, dict) else None
        written = _count(usage.get("cache_creation_input_tokens"), self.cache_write)
        return replace(
            self,
            input=_count(usage.get("input_tokens"), self.input),
            output=_count(usage.get("output_tokens"), self.output),
            cache_read=_count(usage.get("cache_read_input_tokens"), self.cache_read),
            cache_write=written,
            cache_write_1h=min(written, _count(hour, self.cache_write_1h)),
        )


class Meter(Protocol):
    """Reads a reply's bytes as they pass."""

    @property
    def complete(self) -> bool:
        """Whether the reply said its usage, so far at least; without its figures it did not."""

    @property
    def over(self) -> bool:
        """Whether no later usage can come."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""

    def tokens(self) -> Tokens:
        """Give the usage that the reply said."""


class StreamMeter:
    """Reads the events of a stream: the opening usage and the final one."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._opened = self._complete = self._stopped = False
        self._said = Tokens()

    @property
    def complete(self) -> bool:
        """Whether the stream said its opening usage and one at its end, of which there may be several."""
        return self._opened and self._complete

    @property
    def over(self) -> bool:
        """Whether the stream said that it is at its end."""
        return self._stopped

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; events may be cut anywhere."""
        self._rest += chunk
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest[:MAX_LINE_BYTES])
        for line in lines:
            if line.startswith(b"data:"):
                self._event(line[5:])

    def tokens(self) -> Tokens:
        """Give the usage so far."""
        return self._said

    def _event(self, data: bytes) -> None:
        try:
            event: Any = json.loads(data)
        except (ValueError, RecursionError):
            return
        if not isinstance(event, dict):
            return
        match event.get("type"):
            case "message_start" if isinstance(event.get("message"), dict):
                usage = event["message"].get("usage")
                self._said = self._said.updated(usage)
                self._opened = _says(usage, "input_tokens")
            case "message_delta":
                usage = event.get("usage")
                self._said = self._said.updated(usage)
                self._complete = self._complete or _says(usage, "output_tokens")
            case "message_stop":
                self._stopped = True


class WholeMeter:
    """Reads a whole JSON reply."""

    def __init__(self) -> None:
        self._body = bytearray()

    @property
    def complete(self) -> bool:
        """Whether the reply is whole and says its usage."""
        usage = self._usage()
        return _says(usage, "input_tokens") and _says(usage, "output_tokens")

    @property
    def over(self) -> bool:
        """Whether the reply is whole."""
        return self.complete

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._body += chunk

    def tokens(self) -> Tokens:
        """Give the usage."""
        return Tokens().updated(self._usage())

    def _usage(self) -> dict[str, Any] | None:
        try:
            reply = json.loads(self._body)
        except (ValueError, RecursionError):
            return None
        usage = reply.get("usage") if isinstance(reply, dict) else None
        return usage if isinstance(usage, dict) else None


def _says(usage: object, name: str) -> bool:
    return isinstance(usage, dict) and _count(usage.get(name), -1) >= 0


def _count(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS else otherwise
