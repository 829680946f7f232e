"""What a reply cost in tokens, read from its bytes while they pass: whole JSON, or the events of a stream."""

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

MAX_LINE_BYTES = 8_000_000


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
        return replace(
            self,
            input=_count(usage.get("input_tokens"), self.input),
            output=_count(usage.get("output_tokens"), self.output),
            cache_read=_count(usage.get("cache_read_input_tokens"), self.cache_read),
            cache_write=_count(usage.get("cache_creation_input_tokens"), self.cache_write),
            cache_write_1h=_count(hour, self.cache_write_1h),
        )


class Meter(Protocol):
    """Reads a reply's bytes as they pass."""

    @property
    def complete(self) -> bool:
        """Whether the reply said its final usage."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""

    def tokens(self) -> Tokens:
        """Give the usage that the reply said."""


class StreamMeter:
    """Reads the events of a stream: the opening usage and the final one."""

    def __init__(self) -> None:
        self._complete = False
        self._rest = bytearray()
        self._opened = False
        self._said = Tokens()

    @property
    def complete(self) -> bool:
        """Whether the stream said its opening and its final usage."""
        return self._opened and self._complete

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
        except ValueError:
            return
        if not isinstance(event, dict):
            return
        match event.get("type"):
            case "message_start" if isinstance(event.get("message"), dict):
                self._opened = True
                self._said = self._said.updated(event["message"].get("usage"))
            case "message_delta":
                self._said = self._said.updated(event.get("usage"))
                self._complete = True


class WholeMeter:
    """Reads a whole JSON reply."""

    def __init__(self) -> None:
        self._body = bytearray()

    @property
    def complete(self) -> bool:
        """Whether the reply is whole and says its usage."""
        return self._usage() is not None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._body += chunk

    def tokens(self) -> Tokens:
        """Give the usage."""
        return Tokens().updated(self._usage())

    def _usage(self) -> dict[str, Any] | None:
        try:
            reply = json.loads(self._body)
        except ValueError:
            return None
        usage = reply.get("usage") if isinstance(reply, dict) else None
        return usage if isinstance(usage, dict) else None


def _count(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise
