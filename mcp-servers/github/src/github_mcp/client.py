"""GitHub's REST, typed: alone against api.github.com, or behind our gateway, which speaks the same paths."""

import re
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any, TypeVar

from agent_vendors.github import GITHUB, REPOSITORIES
from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.paging import LinkPaging, Page, next_page, pages
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_client import Fetch, Moves, Query, VendorClient
from mcp_kit.vendor_path import VendorPath, path_of

from github_mcp.error_messages import MEANINGS, NO_FILE, explain
from github_mcp.models import Comment, Entry, Found, Issue, Label, Pull, PullFile
from github_mcp.settings import GitHubSettings

MOST_PULL_FILES, MOST_ENTRIES, MOST_FOUND = 3_000, 1_000, 1_000
"""Where GitHub's own lists end: files of a pull request, entries of a folder, results of a search.

Sources: "List pull requests files", "Get repository content" and "About search" in GitHub's REST API reference.
"""
MOST_PAGES = 30
"""As many pages are read of a list that is read whole."""
BY_ID = re.compile(r"/repositories/([1-9][0-9]{0,17})(?:/|$)")
T = TypeVar("T")
SEARCH = path_of("/search/issues")
PAGES = LinkPaging(pointers=("page", "after"), size="per_page", number="page")
HEADERS = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": "agent-bot-github-mcp",
}


class GitHub:
    """GitHub as the tools need it."""

    def __init__(self, settings: GitHubSettings) -> None:
        self._vendor = VendorClient(
            settings,
            name=GITHUB.title,
            command=GITHUB.mcp,
            headers=HEADERS,
            meanings=MEANINGS,
            explain=explain,
            moves=Moves(REPOSITORIES, _present_name),
        )

    async def issues(self, call: Call, repository: str, limit: int, query: Query) -> Page[Issue]:
        """List issues and pull requests."""
        return await self._vendor.page(
            call, Issue, PAGES, _path(repository, "issues"), repository, limit=limit, query=query
        )

    async def issue(self, call: Call, repository: str, number: int) -> Issue:
        """Read an issue."""
        reply = await self._vendor.send(call, "GET", _path(repository, "issues", number), f"{repository}#{number}")
        return self._vendor.read(Issue, reply.json())

    async def create_issue(self, call: Call, repository: str, fields: Mapping[str, Any]) -> Issue:
        """Open an issue."""
        reply = await self._vendor.send(call, "POST", _path(repository, "issues"), repository, body=fields, success=201)
        return self._vendor.read(Issue, reply.json())

    async def update_issue(self, call: Call, repository: str, number: int, fields: Mapping[str, Any]) -> Issue:
        """Change the fields given and leave the others."""
        path, target = _path(repository, "issues", number), f"{repository}#{number}"
        return self._vendor.read(Issue, (await self._vendor.send(call, "PATCH", path, target, body=fields)).json())

    async def comments(self, call: Call, repository: str, number: int, limit: int, since: str | None) -> Page[Comment]:
        """List the comments of an issue or pull request, or those changed since a moment, oldest first."""
        path, target = _path(repository, "issues", number, "comments"), f"{repository}#{number}"
        return await self._vendor.page(call, Comment, PAGES, path, target, limit=limit, query={"since": since})

    async def add_comment(self, call: Call, repository: str, number: int, body: str) -> Comment:
        """Comment on an issue or pull request."""
        path, target = _path(repository, "issues", number, "comments"), f"{repository}#{number}"
        reply = await self._vendor.send(call, "POST", path, target, body={"body": body}, success=201)
        return self._vendor.read(Comment, reply.json())

    async def labels(self, call: Call, repository: str, limit: int) -> Page[Label]:
        """List the repository's labels."""
        return await self._vendor.page(call, Label, PAGES, _path(repository, "labels"), repository, limit=limit)

    async def all_labels(self, call: Call, repository: str) -> list[Label]:
        """List the repository's labels, 3,000 at the most."""
        ask = partial(self.labels, repository=repository, limit=100)
        return [label async for page in pages(call.from_the_start(), ask, most=MOST_PAGES) for label in page.rows]

    async def search(self, call: Call, text: str, limit: int, query: Query) -> tuple[Found, Page[Issue]]:
        """Search issues and pull requests; the text says in which repository."""
        here = PAGES.here(call, limit)
        reply = await self._vendor.send(call, "GET", SEARCH, "the search", query={"q": text, **query, **here})
        found = self._vendor.read(Found, reply.json())
        issues = self._vendor.read_rows(call, Issue, found.items)
        following = next_page(PAGES, call, here, reply, None, len(found.items))
        return found, Page(issues, here, following, PAGES.before(here))

    async def pulls(self, call: Call, repository: str, limit: int, query: Query) -> Page[Pull]:
        """List pull requests."""
        return await self._vendor.page(
            call, Pull, PAGES, _path(repository, "pulls"), repository, limit=limit, query=query
        )

    async def pull(self, call: Call, repository: str, number: int) -> Pull:
        """Read a pull request."""
        path, target = _path(repository, "pulls", number), f"{repository}#{number}"
        asking = self._vendor.send(call, "GET", path, target)
        return self._vendor.read(Pull, (await self._unless_issue(call, repository, number, asking)).json())

    async def pull_files(self, call: Call, repository: str, number: int, limit: int) -> Page[PullFile]:
        """List the files that a pull request changes, with their patches."""
        path, target = _path(repository, "pulls", number, "files"), f"{repository}#{number}"
        asking = self._vendor.page(call, PullFile, PAGES, path, target, limit=limit, ceiling=MOST_PULL_FILES)
        return await self._unless_issue(call, repository, number, asking)

    async def _unless_issue(self, call: Call, repository: str, number: int, asking: Awaitable[T]) -> T:
        """Ask for a pull request. GitHub says 404 to an issue's number, so it is asked what the number is of."""
        try:
            return await asking
        except ToolFailed as refusal:
            if refusal.status != 404:
                raise
            try:
                await self.issue(call.from_the_start(), repository, number)
            except ToolFailed:
                raise refusal from None
        raise ToolFailed(f"{repository}#{number} is an issue, and no pull request.", next_step="Use issue_read.")

    async def contents(self, call: Call, repository: str, path: str, ref: str | None) -> Entry | list[Entry]:
        """Read a file, or list a folder."""
        where = _path(repository, "contents", *path.split("/")) if path else _path(repository, "contents")
        target = f"{show_name(path)}{f' at {show_name(ref)}' if ref else ''} in {repository}"
        reply = await self._vendor.send(call, "GET", where, target, query={"ref": ref}, meanings=NO_FILE)
        data = reply.json()
        if not isinstance(data, list):
            return self._vendor.read(Entry, data)
        self._vendor.heed_ceiling(call, len(data), MOST_ENTRIES)
        return self._vendor.read_rows(call, Entry, data)

    async def check(self) -> None:
        """Raise unless GitHub, or the gateway, answers and takes the token."""
        await self._vendor.check("/rate_limit")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._vendor.aclose()


async def _present_name(location: str, fetch: Fetch) -> str | None:
    """Ask whose id GitHub's redirect from an old name holds: `/repositories/ID/...`."""
    found = BY_ID.search(location)
    repository = await fetch(path_of("/repositories/{}", found[1])) if found else None
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return name if isinstance(name, str) else None


def _path(repository: str, *parts: str | int) -> VendorPath:
    return path_of(f"/repos/{{}}/{{}}{'/{}' * len(parts)}", *repository.split("/"), *parts)
