"""Issues, their comments and labels, and the search of issues and pull requests."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from mcp_kit.call import Call
from mcp_kit.paging import Page, next_page, pages
from mcp_kit.vendor_client import Query
from mcp_kit.vendor_path import path_of

from github_mcp.client.github import MOST_PAGES, PAGES, GitHub, path_in
from github_mcp.models.threads import Comment, Found, Issue, Label

MOST_FOUND = 1_000
"""Where a search of GitHub's ends. Source: "About search" in GitHub's REST API reference."""
SEARCH = path_of("/search/issues")


class Issues:
    """GitHub's issues, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def listed(self, call: Call, repository: str, limit: int, query: Query) -> Page[Issue]:
        """List issues and pull requests."""
        path = path_in(repository, "issues")
        return await self._github.page(call, Issue, path, repository, limit=limit, query=query)

    async def read(self, call: Call, repository: str, number: int) -> Issue:
        """Read an issue."""
        return await self._github.get(call, Issue, path_in(repository, "issues", number), f"{repository}#{number}")

    async def create(self, call: Call, repository: str, fields: Mapping[str, Any]) -> Issue:
        """Open an issue."""
        path = path_in(repository, "issues")
        return await self._github.write(call, Issue, "POST", path, repository, body=fields, success=201)

    async def update(self, call: Call, repository: str, number: int, fields: Mapping[str, Any]) -> Issue:
        """Change the fields given and leave the others."""
        path, target = path_in(repository, "issues", number), f"{repository}#{number}"
        return await self._github.write(call, Issue, "PATCH", path, target, body=fields)

    async def comments(self, call: Call, repository: str, number: int, limit: int, since: str | None) -> Page[Comment]:
        """List the comments of an issue or pull request, or those changed since a moment, oldest first."""
        path, target = path_in(repository, "issues", number, "comments"), f"{repository}#{number}"
        return await self._github.page(call, Comment, path, target, limit=limit, query={"since": since})

    async def add_comment(self, call: Call, repository: str, number: int, body: str) -> Comment:
        """Comment on an issue or pull request."""
        path, target = path_in(repository, "issues", number, "comments"), f"{repository}#{number}"
        return await self._github.write(call, Comment, "POST", path, target, body={"body": body}, success=201)

    async def labels(self, call: Call, repository: str, limit: int) -> Page[Label]:
        """List the repository's labels."""
        return await self._github.page(call, Label, path_in(repository, "labels"), repository, limit=limit)

    async def all_labels(self, call: Call, repository: str) -> list[Label]:
        """List the repository's labels, 3,000 at the most."""
        ask = partial(self.labels, repository=repository, limit=100)
        return [label async for page in pages(call.from_the_start(), ask, most=MOST_PAGES) for label in page.rows]

    async def search(self, call: Call, text: str, limit: int, query: Query) -> tuple[Found, Page[Issue]]:
        """Search issues and pull requests; the text says in which repository."""
        here = PAGES.here(call, limit)
        vendor = self._github.vendor
        reply = await vendor.send(call, "GET", SEARCH, "the search", query={"q": text, **query, **here})
        found = vendor.read(Found, reply.json())
        issues = vendor.read_rows(call, Issue, found.items)
        following = next_page(PAGES, call, here, reply, None, len(found.items))
        return found, Page(issues, here, following, PAGES.before(here))
