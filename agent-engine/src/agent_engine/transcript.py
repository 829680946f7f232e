"""Masks secrets in a run's stdout lines and session so that every line stays valid JSON."""

import json
import re
from typing import Any

from service_kit.redact import Masker

MOST_LINE_BYTES = 16 << 20
MOST_BYTES = 64 << 20
ESCAPES = re.compile(rb"\\[bfnrt]")
"""Line ends and the like in a JSON text, whose letters stand between pieces of a token."""


class Lines:
    """Splits a byte stream into lines; a line over the limit is dropped and counted."""

    def __init__(self, most_bytes: int = MOST_LINE_BYTES) -> None:
        self._most = most_bytes
        self._rest = bytearray()
        self._dropping = False
        self.dropped = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """Take the next bytes and give the lines that they end, without their newlines."""
        *ended, rest = piece.split(b"\n")
        lines = []
        for part in ended:
            self._take(part)
            lines += self.end()
        self._take(rest)
        return lines

    def end(self) -> list[bytes]:
        """Give what remains as a last line."""
        line, dropping = bytes(self._rest), self._dropping
        self._rest.clear()
        self._dropping = False
        if dropping:
            self.dropped += 1
        return [line] if line and not dropping else []

    def _take(self, part: bytes) -> None:
        if self._dropping or len(self._rest) + len(part) > self._most:
            self._rest.clear()
            self._dropping = True
        else:
            self._rest += part


class Transcript:
    """Every line of a run's stdout, up to a limit."""

    def __init__(self, masker: Masker, most_bytes: int = MOST_BYTES) -> None:
        self._masker = masker
        self._most = most_bytes
        self._kept = bytearray()
        self.full = False

    def add(self, line: bytes) -> None:
        """Keep a line."""
        if self.full or len(self._kept) + len(line) > self._most:
            self.full = True
            return
        self._kept += mask_line(self._masker, line) + b"\n"

    def content(self) -> bytes:
        """Give what was kept."""
        return bytes(self._kept)


def mask_lines(masker: Masker, text: bytes) -> bytes:
    """Mask JSON lines; a last line that is not whole yet is left out."""
    whole = text[: text.rfind(b"\n") + 1]
    return b"".join(mask_line(masker, line) + b"\n" for line in whole.split(b"\n")[:-1])


def mask_line(masker: Masker, line: bytes) -> bytes:
    """Mask a line; a JSON line stays valid JSON, and its texts are masked as they read."""
    masked = masker.mask_bytes(line)
    if masked == line and not masker.has_pieces(ESCAPES.sub(b" ", line)):
        return line
    try:
        value = json.loads(line)
    except ValueError:
        return masked
    return json.dumps(masked_value(value, masker), ensure_ascii=False).encode()


def masked_value(value: Any, masker: Masker) -> Any:
    """Mask every text inside a JSON value, names too; broken surrogates, which no JSON can carry, become `?`."""
    if isinstance(value, str):
        return masker.mask(value).encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {masked_value(name, masker): masked_value(item, masker) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked_value(item, masker) for item in value]
    return value
