"""Issues, their comments and labels."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from mcp_kit.call import Call
from mcp_kit.paging import Page, pages
from mcp_kit.vendor_client import Query

from github_mcp.client.github import MOST_PAGES, GitHub, path_in
from github_mcp.error_messages import NO_LABEL
from github_mcp.models.threads import Comment, Issue, Label


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

    async def add_labels(self, call: Call, repository: str, number: int, names: Sequence[str]) -> None:
        """Add labels to those of an issue."""
        path, target = path_in(repository, "issues", number, "labels"), f"{repository}#{number}"
        await self._github.send(call, "POST", path, target, body={"labels": list(names)})

    async def remove_label(self, call: Call, repository: str, number: int, name: str) -> None:
        """Take one label from an issue."""
        path, target = path_in(repository, "issues", number, "labels", name), f"{repository}#{number}"
        await self._github.vendor.send(call, "DELETE", path, target, meanings=NO_LABEL)

    async def assign(self, call: Call, repository: str, number: int, logins: Sequence[str]) -> None:
        """Assign people besides those who are."""
        path, target = path_in(repository, "issues", number, "assignees"), f"{repository}#{number}"
        await self._github.send(call, "POST", path, target, body={"assignees": list(logins)}, success=201)

    async def unassign(self, call: Call, repository: str, number: int, logins: Sequence[str]) -> None:
        """Take people from those who are assigned."""
        path, target = path_in(repository, "issues", number, "assignees"), f"{repository}#{number}"
        await self._github.send(call, "DELETE", path, target, body={"assignees": list(logins)})

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
