"""Pages of a vendor's list, and the ways by which vendors lead to the next: a Link, a cursor in the body, an offset."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel
from service_kit.errors import UpstreamError
from service_kit.http import Reply

from mcp_kit.call import Call
from mcp_kit.cursor import VALUE, Position

LINK = re.compile(r"<([^<>]*)>([^<]*)")
ATTRIBUTE = re.compile(r';\s*([a-z]+)\s*=\s*"?([^";,]*)')
MOST_DIGITS = 9
COUNTED = "counted"
"""The part of a cursor that counts the rows before it, where the vendor's own paging does not tell them."""
SAME_PAGE = "The vendor names this page as the one after it, so the list ends here; rows may be missing."
M = TypeVar("M", bound=BaseModel)
Parameters = dict[str, str | int]
"""A vendor's own paging parameters by name: how long a page is, and where it begins."""


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a list.

    Attributes:
        rows: what is shown of it.
        here: its own paging parameters.
        next: where the list goes on, if it does.
        before: how many rows of the list stand before this page; None where the vendor's paging does not tell.
        left_out: how many rows of the vendor's are not among `rows`, as they are not what was asked for.
        skipped: how many of `rows` an earlier reply showed, which was cut behind them.
    """

    rows: list[M]
    here: Parameters
    next: Position | None
    before: int | None = None
    left_out: int = 0
    skipped: int = 0

    def count(self, things: str, *, hidden: int = 0) -> str:
        """Return how many there are, as in `12 labels`, or which of them a reply holds, as in `labels 101 to 150`.

        Where the place in the list is not known, they are `30 more labels`. `hidden` of the rows are not shown.
        """
        if hidden:
            return f"{len(self.rows) - hidden} of {replace(self, skipped=0).count(things)}"
        shown = max(0, len(self.rows) - self.skipped)
        if self.before is None:
            return f"{shown} more {things}"
        first = self.before + self.skipped
        if not shown and first:
            return f"0 more {things}"
        if not shown or (first == 0 and self.next is None):
            return f"{shown} {things}"
        return f"{things} {first + 1} to {first + shown}"


class Paging(Protocol):
    """How a vendor leads from one page of a list to the next."""

    def here(self, call: Call, limit: int) -> Parameters:
        """Return the parameters of the page at which the call's cursor points, without a cursor those of the first."""

    def before(self, here: Parameters) -> int | None:
        """Return how many rows stand before a page; None if its parameters do not tell."""

    def next(self, here: Parameters, reply: Reply, document: Any, rows: int) -> Parameters | None:
        """Return the parameters of the page after this one, which holds so many rows; None if this one is the last.

        `document` is the reply's body, parsed.

        Raises:
            UpstreamError: the reply names a next page in a form that no cursor can carry.
        """


@dataclass(frozen=True)
class LinkPaging:
    """Pages by the `Link` header, as GitHub's and Sentry's. A link with `results="false"` leads to no page.

    Attributes:
        pointers: the parameters that say where a page begins; a link without one of them leads to no page.
        size: the parameter that says how long a page is, or None where the length is the vendor's own.
        number: the pointer that numbers the pages from 1, where there is one.
    """

    pointers: Sequence[str]
    size: str | None = None
    number: str | None = None

    def here(self, call: Call, limit: int) -> Parameters:
        """Return the parameters of the page at which the call's cursor points."""
        size = _size(call, self.size, limit)
        if self.number and call.asked_page:
            return size | {self.number: call.asked_page.pop()}
        return size | {name: call.start.page[name] for name in self._pointers(call.start.page)}

    def before(self, here: Parameters) -> int | None:
        """Count the pages before, which are as long as this one."""
        if not self._pointers(here):
            return 0
        number = _number(str(here.get(self.number or "", "")))
        return (number - 1) * int(here[self.size]) if number and self.size else None

    def next(self, here: Parameters, reply: Reply, document: Any, rows: int) -> Parameters | None:
        """Read the parameters, and nothing else, of the link whose `rel` is `next`."""
        for url, attributes in LINK.findall(reply.headers.get("link", "")):
            told = dict(ATTRIBUTE.findall(attributes))
            if told.get("rel") == "next" and told.get("results") != "false":
                query = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
                found: Parameters = {name: _carried(query[name]) for name in self._pointers(query)}
                if found and self.size and self.size in query:
                    found[self.size] = _carried(query[self.size])
                return found or None
        return None

    def _pointers(self, given: Mapping[str, str | int]) -> list[str]:
        return [name for name in self.pointers if name in given]


@dataclass(frozen=True)
class CursorPaging:
    """Pages by a cursor in the reply's body, as Slack's and Jira's search. A missing or empty cursor is the end.

    Attributes:
        pointer: the parameter that takes the cursor.
        size: the parameter that says how long a page is, or None where the length is the vendor's own.
        found: the keys that lead to the next cursor in the body, from the outside in.
    """

    pointer: str
    size: str | None
    found: Sequence[str]

    def here(self, call: Call, limit: int) -> Parameters:
        """Return the parameters of the page at which the call's cursor points."""
        call.refuse_page()
        cursor = call.start.page.get(self.pointer)
        return _size(call, self.size, limit) | ({self.pointer: cursor} if cursor else {})

    def before(self, here: Parameters) -> int | None:
        """Know it of the first page alone."""
        return None if self.pointer in here else 0

    def next(self, here: Parameters, reply: Reply, document: Any, rows: int) -> Parameters | None:
        """Read the next cursor out of the body."""
        cursor = below(document, self.found)
        if not cursor:
            return None
        return ({self.size: here[self.size]} if self.size else {}) | {self.pointer: _carried(str(cursor))}


@dataclass(frozen=True)
class OffsetPaging:
    """Pages by the number of rows before them, as most of Jira's lists.

    Attributes:
        pointer: the parameter that takes the number.
        size: the parameter that says how long a page is, or None where the length is the vendor's own.
        total: the keys that lead to the number of all rows in the body, from the outside in.
    """

    pointer: str
    size: str | None
    total: Sequence[str]

    def here(self, call: Call, limit: int) -> Parameters:
        """Return the parameters of the page at which the call's cursor points."""
        size = _size(call, self.size, limit)
        if self.size and call.asked_page:
            return size | {self.pointer: (call.asked_page.pop() - 1) * int(size[self.size])}
        return size | {self.pointer: _number(call.start.page.get(self.pointer)) or 0}

    def before(self, here: Parameters) -> int | None:
        """Return the page's offset."""
        return int(here[self.pointer])

    def next(self, here: Parameters, reply: Reply, document: Any, rows: int) -> Parameters | None:
        """Count the rows so far, and hold them against the total."""
        total = below(document, self.total)
        if not isinstance(total, int):
            raise UpstreamError("the reply does not say how many rows there are in all")
        before = int(here[self.pointer]) + rows
        return {**here, self.pointer: before} if rows and before < total else None


def next_page(paging: Paging, call: Call, here: Parameters, reply: Reply, document: Any, rows: int) -> Position | None:
    """Return where the page after this one begins, as `paging` finds it; None if this one is the last.

    A reply that names its own page as the next one ends the list, and the caller is told.

    Raises:
        UpstreamError: as `Paging.next`.
    """
    found = paging.next(here, reply, document, rows)
    if found and all(str(here.get(name)) == str(value) for name, value in found.items()):
        call.notes.append(SAME_PAGE)
        return None
    return Position.of(found) if found else None


def made_page(
    paging: Paging, call: Call, here: Parameters, following: Position | None, rows: list[M], listed: int
) -> Page[M]:
    """Make a page of the rows that were read, out of `listed` of the vendor's.

    Where the vendor's paging does not tell how many rows stand before a page, its cursor counts them.
    """
    before = paging.before(here)
    if before is None:
        before = _number(call.start.page.get(COUNTED))
        here = here if before is None else {**here, COUNTED: before}
    if following and before is not None and paging.before(dict(following.page)) is None:
        following = Position.of({**following.page, COUNTED: before + listed})
    return Page(rows, here, following, before, skipped=call.start.skip)


async def pages(call: Call, ask: Callable[[Call], Awaitable[Page[M]]], *, most: int) -> AsyncIterator[Page[M]]:
    """Ask for the page at which the call's cursor points and those after it, and yield them, at most so many."""
    for _ in range(most):
        page = await ask(call)
        yield page
        if page.next is None:
            return
        call = replace(call, start=page.next)


async def fill(
    call: Call, ask: Callable[[Call], Awaitable[Page[M]]], keep: Callable[[M], bool], *, limit: int, most: int
) -> Page[M]:
    """Return a page of the rows that `keep` accepts: as many as the limit says, out of at most so many of the vendor's.

    The page begins with the vendor's page at which the call's cursor points, so that what the cursor skips is in it.
    """
    call.refuse_page()
    wanted, kept, left_out, first = call.start.skip + limit, list[M](), 0, Parameters()
    before = _number(call.start.page.get(COUNTED)) or 0
    following: Position | None = call.start
    async for page in pages(call, ask, most=most):
        first = first or {**page.here, COUNTED: before}
        here = {**page.here, COUNTED: before + len(kept)}
        rows = [row for row in page.rows if keep(row)]
        left_out += len(page.rows) - len(rows)
        room = wanted - len(kept)
        kept += rows[:room]
        following = page.next and Position.of({**page.next.page, COUNTED: before + len(kept)}, skip=page.next.skip)
        if len(rows) > room:
            following = Position.of(here, skip=room)
        if len(kept) == wanted:
            break
    return Page(kept, first, following, before, left_out, call.start.skip)


def below(document: Any, keys: Sequence[str]) -> Any:
    """Return what lies under these keys, from the outside in; None if one of them is missing."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _size(call: Call, name: str | None, limit: int) -> Parameters:
    return {name: _number(call.start.page.get(name)) or limit} if name else {}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _carried(text: str) -> str:
    if not re.fullmatch(VALUE, text):
        raise UpstreamError("the reply names a next page in a form that no cursor can carry")
    return text
