"""Pages as GitHub cuts them: per_page and page, and the Link header that leads on by number."""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from stand_ins.kit import paging

DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 100

Row = TypeVar("Row")
Query = Sequence[tuple[str, str]]


def cut(
    rows: Sequence[Row], query: Query, *, default: int = DEFAULT_PER_PAGE, most: int = MAX_PER_PAGE
) -> paging.Page[Row]:
    """Take the page that the query asks for; what is no positive number counts as absent."""
    asked = dict(query)
    size = paging.number(asked.get("per_page"), default, most)
    return paging.cut(rows, (paging.number(asked.get("page"), 1) - 1) * size, size)


def links(page: paging.Page[Row]) -> dict[str, int]:
    """Number the pages that a page leads to, by their relation."""
    number, last = page.start // page.size + 1, max(1, -(-page.total // page.size))
    found: dict[str, int] = {}
    if page.previous is not None:
        found["prev"] = min(number - 1, last)
    if page.next is not None:
        found |= {"next": number + 1, "last": last}
    if page.previous is not None:
        found["first"] = 1
    return found


def header(page: paging.Page[Row], url: str, query: Query) -> str | None:
    """Write the Link header for `url` and the caller's own query; None when there is only one page."""
    rest = [(key, value) for key, value in query if key != "page"]
    urls = {rel: f"{url}?{urlencode([*rest, ('page', str(to))])}" for rel, to in links(page).items()}
    return ", ".join(paging.link(url, rel=rel) for rel, url in urls.items()) or None
