"""Meters of the Messages API: the usage of a stream's events, or of a whole reply."""

from dataclasses import replace
from typing import Any

from model_api.tokens import StreamEvents, Tokens, figure, read_object

BLOCK_TOKENS = 10
"""What the beginning of a block costs besides its texts."""


class StreamMeter:
    """Reads the events of a stream: the opening usage and the final one."""

    def __init__(self) -> None:
        self._events = StreamEvents()
        self._opened = self._complete = self._stopped = False
        self._said = Tokens()
        self._written = 0

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
        for event in self._events.feed(chunk):
            self._take(event)

    def tokens(self) -> Tokens:
        """Return the usage so far."""
        return self._said

    def seen(self) -> Tokens | None:
        """Return the usage so far, with a token of output for each byte that came: none is shorter."""
        return replace(self._said, output=max(self._said.output, self._written)) if self._opened else None

    def _take(self, event: dict[str, Any]) -> None:
        match event.get("type"):
            case "message_start" if isinstance(event.get("message"), dict):
                usage = event["message"].get("usage")
                self._said = updated(self._said, usage)
                self._opened = _says(usage, "input_tokens")
            case "content_block_start":
                self._written += BLOCK_TOKENS + _text_bytes(event.get("content_block"))
            case "content_block_delta":
                self._written += _text_bytes(event.get("delta"))
            case "message_delta":
                usage = event.get("usage")
                self._said = updated(self._said, usage)
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
        """Return the usage."""
        return updated(Tokens(), self._usage())

    def seen(self) -> Tokens | None:
        """Return nothing: such a reply says its usage at its end."""
        return None

    def _usage(self) -> object:
        return (read_object(self._body) or {}).get("usage")


def updated(tokens: Tokens, usage: object) -> Tokens:
    """Return the tokens with the figures that a usage object of the API holds."""
    if not isinstance(usage, dict):
        return tokens
    detail = usage.get("cache_creation")
    hour = detail.get("ephemeral_1h_input_tokens") if isinstance(detail, dict) else None
    written = figure(usage.get("cache_creation_input_tokens"), tokens.cache_write)
    return Tokens(
        input=figure(usage.get("input_tokens"), tokens.input),
        output=figure(usage.get("output_tokens"), tokens.output),
        cache_read=figure(usage.get("cache_read_input_tokens"), tokens.cache_read),
        cache_write=written,
        cache_write_1h=min(written, figure(hour, tokens.cache_write_1h)),
    )


def _text_bytes(part: object) -> int:
    """Return how many bytes the texts of a block or delta have, its signature too: it grows with hidden thinking."""
    texts = part.values() if isinstance(part, dict) else ()
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts if isinstance(text, str))


def _says(usage: object, name: str) -> bool:
    return isinstance(usage, dict) and figure(usage.get(name), -1) >= 0
