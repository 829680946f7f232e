"""Pages of a vendor's list, and the ways by which vendors lead to the next: a Link, a cursor in the body, an offset."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel
from service_kit.errors import UpstreamError
from service_kit.http import Reply

from mcp_kit.call import Call
from mcp_kit.cursor import VALUE

LINK = re.compile(r"<([^<>]*)>([^<]*)")
ATTRIBUTE = re.compile(r';\s*([a-z]+)\s*=\s*"?([^";,]*)')
MOST_DIGITS = 9
SAME_PAGE = "The vendor names this page as the one after it, so the list ends here; rows may be missing."
M = TypeVar("M", bound=BaseModel)
Parameters = dict[str, str | int]
"""A vendor's own paging parameters by name: how long a page is, and where it begins."""


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a list: its rows, its own paging parameters, and those of the next page if there is one."""

    rows: list[M]
    here: Parameters
    next: Parameters | None


class Paging(Protocol):
    """How a vendor leads from one page of a list to the next."""

    def here(self, call: Call, limit: int) -> Parameters:
        """Return the parameters of the page at which the call's cursor points, without a cursor those of the first."""

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
    """

    pointers: Sequence[str]
    size: str | None = None

    def here(self, call: Call, limit: int) -> Parameters:
        """Return the parameters of the page at which the call's cursor points."""
        return _size(call, self.size, limit) | {name: call.start.page[name] for name in self._pointers(call.start.page)}

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

    def _pointers(self, given: Mapping[str, str]) -> list[str]:
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
        cursor = call.start.page.get(self.pointer)
        return _size(call, self.size, limit) | ({self.pointer: cursor} if cursor else {})

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
        return _size(call, self.size, limit) | {self.pointer: _number(call.start.page.get(self.pointer)) or 0}

    def next(self, here: Parameters, reply: Reply, document: Any, rows: int) -> Parameters | None:
        """Count the rows so far, and hold them against the total."""
        total = below(document, self.total)
        if not isinstance(total, int):
            raise UpstreamError("the reply does not say how many rows there are in all")
        before = int(here[self.pointer]) + rows
        return {**here, self.pointer: before} if rows and before < total else None


def next_page(
    paging: Paging, call: Call, here: Parameters, reply: Reply, document: Any, rows: int
) -> Parameters | None:
    """Return the parameters of the page after this one, as `paging` finds them; None if this one is the last.

    A reply that names its own page as the next one ends the list, and the caller is told.

    Raises:
        UpstreamError: as `Paging.next`.
    """
    found = paging.next(here, reply, document, rows)
    if found and all(str(here.get(name)) == str(value) for name, value in found.items()):
        call.notes.append(SAME_PAGE)
        return None
    return found


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
