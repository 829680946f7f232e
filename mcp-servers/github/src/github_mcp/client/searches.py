"""Searches of issues, pull requests, code, repositories and accounts: by one text, or several that belong together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from mcp_kit.call import Call
from mcp_kit.cursor import Position
from mcp_kit.errors import ToolFailed, WrongArguments
from mcp_kit.paging import Page, fill, next_page
from mcp_kit.vendor_client import Query
from mcp_kit.vendor_path import VendorPath, path_of
from pydantic import BaseModel

from github_mcp.client.github import PAGES, GitHub
from github_mcp.models.threads import Found

MOST_FOUND = 1_000
"""Where a search of GitHub's ends. Source: "About search" in GitHub's REST API reference."""
MOST_REQUESTS = 8
"""As many requests one call makes: GitHub takes 30 searches a minute."""
UNSEEN = 422
"""What GitHub answers where the token sees nothing that a text names, and where a text is not its syntax."""
TEXT = "text"
"""The part of a cursor that says which of several texts goes on."""
MOST_CODE_REQUESTS = 3
"""Of those for code GitHub takes 10 a minute."""
ISSUES, CODE, REPOSITORIES, USERS = (
    path_of(f"/search/{things}") for things in ("issues", "code", "repositories", "users")
)
TEXT_MATCH = "application/vnd.github.text-match+json"
"""Asks for the lines of a file in which the words stand."""
M = TypeVar("M", bound=BaseModel)


@dataclass
class Totals:
    """What GitHub said of the texts that were sent: how many things fit each, and which it refused."""

    counts: dict[int, int] = field(default_factory=dict)
    refused: dict[int, ToolFailed] = field(default_factory=dict)
    gave_up: bool = False

    @property
    def count(self) -> int:
        """How many things fit the texts that were sent."""
        return sum(self.counts.values())


class Searches:
    """GitHub's searches, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def found(
        self,
        call: Call,
        path: VendorPath,
        model: type[M],
        texts: Sequence[str],
        *,
        limit: int,
        query: Query | None = None,
        keep: Callable[[M], bool] = lambda _: True,
    ) -> tuple[Totals, Page[M]]:
        """Return what fits the texts, those of the first text first, without what `keep` does not accept.

        Raises:
            ToolFailed: GitHub refused the text, or all of several that were sent.
        """
        totals = Totals()

        async def ask(at: Call) -> Page[M]:
            return await self._page(at, path, model, texts, totals, limit, query or {})

        most = MOST_CODE_REQUESTS if path is CODE else MOST_REQUESTS

        if len(texts) == 1:
            page = await ask(call)
            kept = [row for row in page.rows if keep(row)]
            left_out = len(page.rows) - len(kept)
            return totals, Page(kept, page.here, page.next, page.before, left_out, page.skipped)
        page = await fill(call, ask, keep, limit=limit, most=most)
        if totals.refused and not totals.counts and page.next is None:
            raise next(iter(totals.refused.values()))
        return totals, page

    async def _page(
        self,
        call: Call,
        path: VendorPath,
        model: type[M],
        texts: Sequence[str],
        totals: Totals,
        limit: int,
        query: Query,
    ) -> Page[M]:
        number = _number(call.start, len(texts))
        here, vendor = PAGES.here(call, limit), self._github.vendor
        after = Position.of({TEXT: number + 1}) if number + 1 < len(texts) else None
        try:
            asked, accept = {"q": texts[number], **query, **here}, TEXT_MATCH if path is CODE else None
            reply = await vendor.send(call, "GET", path, "the search", query=asked, accept=accept)
        except ToolFailed as refusal:
            if refusal.status != UNSEEN or len(texts) == 1:
                raise
            totals.refused[number] = refusal
            return Page([], {**here, TEXT: number}, after)
        found = vendor.read(Found, reply.json())
        rows = vendor.read_rows(call, model, found.items)
        totals.counts[number] = found.total_count
        totals.gave_up |= found.incomplete_results
        following = next_page(PAGES, call, here, reply, None, len(found.items))
        if len(texts) == 1:
            return Page(rows, here, following, PAGES.before(here), skipped=call.start.skip)
        following = Position.of({**following.page, TEXT: number}) if following else after
        return Page(rows, {**here, TEXT: number}, following)


def _number(start: Position, texts: int) -> int:
    text = start.page.get(TEXT, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text) < texts):
        raise WrongArguments("The cursor is not one that this server gave.", next_step="Leave it out.")
    return int(text)
