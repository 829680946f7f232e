"""Replies: our own words around fenced foreign text, fitted to a budget and never cut without saying so. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from service_kit.refs import REFUSED
from service_kit.untrusted_text import clean, fence

from mcp_kit.cursor import Position
from mcp_kit.errors import Refused, ToolFailed

HARD_LIMIT = 40_000
"""Characters: past 50,000 the Claude CLI hides a tool's result from the model."""
CHARS_PER_TOKEN = 4
TAIL_ROOM = 1_400
FENCE_ROOM = 48
SMALLEST_PIECE = 200
MOST_QUOTED = 2_000


@dataclass(frozen=True)
class Item:
    """A piece of foreign text. Neighbours of one label share a fence; `whole` items are not divided."""

    label: str
    text: str
    whole: bool = True


@dataclass(frozen=True)
class Reply:
    """What a tool answers.

    Attributes:
        head: what this is, in our own words.
        items: the foreign text.
        page: the vendor's paging parameters of these items.
        next_page: where the items after them begin, if there are any.
        hint: how to ask for less or more, said where the reply is cut.
    """

    head: str
    items: Sequence[Item] = ()
    page: Mapping[str, str | int] = field(default_factory=dict)
    next_page: Position | None = None
    hint: str = ""


def rows(label: str, texts: Sequence[str]) -> list[Item]:
    """Make items of one line each, which are shown whole or not at all."""
    return [Item(label, " ".join(text.split("\n"))) for text in texts]


def section(label: str, text: str) -> Item:
    """Make an item of longer text, which may be continued in the next reply."""
    return Item(label, text, whole=False)


def render(reply: Reply, *, start: Position, budget: int, nonce: str, cursor_of: Callable[[Position], str]) -> str:
    """Write a reply out from a position on, in at most `budget` characters; `nonce` is its fence's."""
    shown: list[Item] = []
    room = budget - len(reply.head) - TAIL_ROOM
    rest: Position | None = None
    for number in range(start.skip, len(reply.items)):
        item = reply.items[number]
        offset = start.offset if number == start.skip else 0
        text = clean(item.text)[offset:]
        if not (shown and shown[-1].label == item.label):
            room -= FENCE_ROOM + 2 * len(item.label)
        if len(text) <= room:
            shown.append(Item(item.label, text, item.whole))
            room -= len(text) + 1
            continue
        if not shown or (not item.whole and room > SMALLEST_PIECE):
            piece = _piece(text, max(room, SMALLEST_PIECE))
            shown.append(Item(item.label, piece, item.whole))
            offset += len(piece)
        rest = Position.of(reply.page, skip=number, offset=offset)
        break
    if rest is None and reply.next_page is not None:
        rest = reply.next_page
        cut = ""
    else:
        cut = _cut(reply, start, rest, budget) if rest else ""
    head = reply.head
    if not reply.items and rest is None:
        head = re.sub(r":\Z", ".", head)
    tail = f"next_cursor: {cursor_of(rest)}" if rest else ""
    return "\n".join(part for part in (head, cut, *_fenced(shown, nonce), tail) if part)


def render_error(error: ToolFailed, *, nonce: str) -> str:
    """Write an error out: what failed, what foreign text it is about, and the next step.

    The message may repeat what the caller sent, and is cleaned as foreign text is.
    """
    quoted = ""
    if error.quoted:
        cut = f"{error.quoted.text[:MOST_QUOTED]}…" if len(error.quoted.text) > MOST_QUOTED else error.quoted.text
        quoted = fence(cut, label=error.quoted.label, nonce=nonce)
    message = f"{REFUSED}{error.message}" if isinstance(error, Refused) else error.message
    return "\n".join(part for part in (clean(message), quoted, clean(error.next_step)) if part)


def _piece(text: str, room: int) -> str:
    end = text.rfind("\n", room // 2, room)
    return text[: end + 1] if end > 0 else text[:room]


def _cut(reply: Reply, start: Position, rest: Position, budget: int) -> str:
    """Say how many parts are shown whole from where the cursor pointed, whether one more is begun, and how to go on."""
    total, whole = len(reply.items), rest.skip - start.skip
    number = f"{whole} of {total} parts{' and a piece of the next' if rest.offset else ''}"
    if total == 1 or not whole:
        number = "a piece of a part" if total > 1 else "a part"
    where = " from where the cursor pointed" if start.skip or start.offset else ""
    hint = f" {reply.hint}" if reply.hint else ""
    return f"Cut to fit {budget} characters: {number} shown{where}; call again with next_cursor for the rest.{hint}"


def _fenced(items: Sequence[Item], nonce: str) -> list[str]:
    return [
        fence("\n".join(item.text for item in neighbours), label=label, nonce=nonce)
        for label, neighbours in groupby(items, key=attrgetter("label"))
    ]
