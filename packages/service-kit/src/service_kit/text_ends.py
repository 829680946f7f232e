"""The beginning and the end of a text that may be too long to keep whole, such as a log. Pure."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

HEADER = "x-agent-text-cut"
"""A gateway's word in a reply that was cut in the middle: `after=BYTES; bytes=BYTES; lines=LINES`."""


@dataclass(frozen=True)
class Room:
    """How many bytes of a text's beginning and of its end are kept."""

    head: int
    tail: int


@dataclass(frozen=True)
class TextEnds:
    """What is kept of a text: whole lines of its beginning and of its end, and how much lies between them."""

    head: bytes
    tail: bytes = b""
    left_out_bytes: int = 0
    left_out_lines: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """Return the header that tells what was left out; none where nothing was."""
        if not self.left_out_bytes:
            return {}
        return {HEADER: f"after={len(self.head)}; bytes={self.left_out_bytes}; lines={self.left_out_lines}"}

    @classmethod
    def read(cls, body: bytes, headers: Mapping[str, str]) -> "TextEnds":
        """Read a reply that a gateway may have cut; a header of another form is as if there were none."""
        parts = dict(part.strip().partition("=")[::2] for part in headers.get(HEADER, "").split(";"))
        numbers = [parts.get(name, "") for name in ("after", "bytes", "lines")]
        if not all(number.isascii() and number.isdigit() and len(number) < 16 for number in numbers):
            return cls(body)
        after, left_out, lines = map(int, numbers)
        return cls(body[:after], body[after:], left_out, lines)


async def read_ends(chunks: AsyncIterator[bytes], room: Room) -> TextEnds:
    """Read a text to its end, and keep no more of it than there is room for."""
    head, tail, dropped, lines = bytearray(), bytearray(), 0, 0
    async for chunk in chunks:
        free = max(0, room.head - len(head))
        head += chunk[:free]
        tail += chunk[free:]
        if (excess := len(tail) - 2 * room.tail) > 0:
            dropped, lines = dropped + excess, lines + tail.count(b"\n", 0, excess)
            del tail[:excess]
    if not dropped and len(tail) <= room.tail:
        return TextEnds(bytes(head + tail))
    end = head.rfind(b"\n") + 1 or len(head)
    start = max(0, len(tail) - room.tail)
    start = tail.find(b"\n", start) + 1 or start
    dropped += len(head) - end + start
    lines += head.count(b"\n", end) + tail.count(b"\n", 0, start)
    return TextEnds(bytes(head[:end]), bytes(tail[start:]), dropped, lines)
