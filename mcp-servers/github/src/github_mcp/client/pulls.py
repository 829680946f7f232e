"""Pull requests and what they change."""

from collections.abc import Awaitable
from typing import TypeVar

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.paging import Page
from mcp_kit.vendor_client import Query

from github_mcp.client.github import GitHub, path_in
from github_mcp.client.issues import Issues
from github_mcp.models.pulls import Pull, PullFile

MOST_FILES = 3_000
"""Where GitHub's list of a pull request's files ends. Source: "List pull requests files" in its REST API reference."""
T = TypeVar("T")


class Pulls:
    """GitHub's pull requests, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._issues = Issues(github)

    async def listed(self, call: Call, repository: str, limit: int, query: Query) -> Page[Pull]:
        """List pull requests."""
        path = path_in(repository, "pulls")
        return await self._github.page(call, Pull, path, repository, limit=limit, query=query)

    async def read(self, call: Call, repository: str, number: int) -> Pull:
        """Read a pull request."""
        asking = self._github.get(call, Pull, path_in(repository, "pulls", number), f"{repository}#{number}")
        return await self.unless_issue(call, repository, number, asking)

    async def files(self, call: Call, repository: str, number: int, limit: int) -> Page[PullFile]:
        """List the files that a pull request changes, with their patches."""
        path, target = path_in(repository, "pulls", number, "files"), f"{repository}#{number}"
        asking = self._github.page(call, PullFile, path, target, limit=limit, ceiling=MOST_FILES)
        return await self.unless_issue(call, repository, number, asking)

    async def unless_issue(self, call: Call, repository: str, number: int, asking: Awaitable[T]) -> T:
        """Ask for a pull request. GitHub says 404 to an issue's number, so it is asked what the number is of."""
        try:
            return await asking
        except ToolFailed as refusal:
            if refusal.status != 404:
                raise
            try:
                await self._issues.read(call.from_the_start(), repository, number)
            except ToolFailed:
                raise refusal from None
        raise ToolFailed(f"{repository}#{number} is an issue, and no pull request.", next_step="Use issue_read.")
