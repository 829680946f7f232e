"""Pages as GitHub cuts them: per_page and page, and the Link header that leads on.

GitHub's links are absolute and go by the repository's id, not by the name that was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 100

Row = TypeVar("Row")
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows and the links from it."""

    rows: Sequence[Row]
    links: dict[str, int]

    def header(self, url: str, query: Query) -> str | None:
        """Write the Link header for `url` and the caller's own query; None when there is only one page."""
        rest = [(key, value) for key, value in query if key != "page"]
        parts = [f'<{url}?{urlencode([*rest, ("page", str(page))])}>; rel="{rel}"' for rel, page in self.links.items()]
        return ", ".join(parts) or None


def size_of(query: Query) -> tuple[int, int]:
    """Read (page, per_page); what is no positive number counts as absent, per_page ends at 100."""
    asked = dict(query)
    page = _positive(asked.get("page"), 1)
    return page, min(_positive(asked.get("per_page"), DEFAULT_PER_PAGE), MAX_PER_PAGE)


def cut(rows: Sequence[Row], query: Query) -> Page[Row]:
    """Take the page that the query asks for."""
    page, per_page = size_of(query)
    last = max(1, -(-len(rows) // per_page))
    links: dict[str, int] = {}
    if page > 1:
        links["prev"] = min(page - 1, last)
    if page < last:
        links |= {"next": page + 1, "last": last}
    if page > 1:
        links["first"] = 1
    return Page(rows[(page - 1) * per_page : page * per_page], links)


def _positive(text: str | None, default: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return default
    return int(text) or default
