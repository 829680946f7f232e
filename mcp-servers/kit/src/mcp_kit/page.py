"""One page of a vendor's list, and what its reply says of the next."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel
from service_kit.http import Reply

from mcp_kit.call import Call

NEXT = re.compile(r'<([^<>]*)>\s*;\s*rel="next"')
VALUE = re.compile(r"[A-Za-z0-9=_+/.:-]{1,800}")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a list: its rows, its own paging parameters, and those of the next one."""

    rows: list[M]
    here: dict[str, str | int]
    next: dict[str, str] | None


def cursor_params(call: Call, names: Collection[str]) -> dict[str, str]:
    """Take the vendor's paging parameters, and nothing else, from where the call's cursor points."""
    return {name: value for name, value in call.start.page.items() if name in names}


def next_link_params(reply: Reply, *, size: str, pointers: Collection[str]) -> dict[str, str] | None:
    """Take the paging parameters, and nothing else, from the Link to the next page; None where it leads nowhere.

    Args:
        reply: the vendor's.
        size: the parameter that says how long a page is.
        pointers: those that say where a page begins, of which there must be one.
    """
    link = NEXT.search(reply.headers.get("link", ""))
    if link is None:
        return None
    query = parse_qs(urlsplit(link[1]).query)
    last = {name: query[name][-1] for name in (size, *pointers) if name in query}
    found = {name: value for name, value in last.items() if VALUE.fullmatch(value)}
    return found if any(name in found for name in pointers) else None
