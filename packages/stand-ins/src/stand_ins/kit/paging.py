"""Pages of rows, and the three ways by which vendors lead to the next: a Link header, a cursor, an offset."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows from `start` on, `size` at most, of `total`."""

    rows: Sequence[Row]
    start: int
    size: int
    total: int

    @property
    def next(self) -> int | None:
        """Where the next page starts; None when this one is the last."""
        end = self.start + self.size
        return end if end < self.total else None

    @property
    def previous(self) -> int | None:
        """Where the previous page starts; None when this one is the first."""
        return max(0, self.start - self.size) if self.start else None

    @property
    def next_cursor(self) -> str | None:
        """The opaque text that leads to the next page; None when this one is the last."""
        return None if self.next is None else encode_cursor(self.next)


def cut(rows: Sequence[Row], start: int, size: int) -> Page[Row]:
    """Take a page of all rows."""
    return Page(rows[start : start + size], start, size, len(rows))


def number(text: str | None, default: int, most: int = 10**9) -> int:
    """Read a positive number up to `most`; what is none counts as absent."""
    given = int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 9 else 0
    return min(given or default, most)


def encode_cursor(start: int) -> str:
    """Write a row's place as an opaque text."""
    return base64.urlsafe_b64encode(f"next:{start}".encode()).decode()


def decode_cursor(text: str) -> int:
    """Read the place of an opaque text; none means the first. Raises ValueError for what is no cursor."""
    if not text:
        return 0
    try:
        word, _, start = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
    except (binascii.Error, UnicodeError):
        raise ValueError(f"{text!r} is no cursor") from None
    if word != "next" or not start.isdigit():
        raise ValueError(f"{text!r} is no cursor")
    return int(start)


def link(url: str, **attributes: str) -> str:
    """Write one link of a Link header."""
    return f"<{url}>" + "".join(f'; {name}="{value}"' for name, value in attributes.items())
