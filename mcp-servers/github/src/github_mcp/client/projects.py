"""Projects of organizations, and what is planned in them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from mcp_kit.call import Call
from mcp_kit.paging import Page, pages
from mcp_kit.vendor_path import VendorPath, path_of

from github_mcp.client.github import MOST_PAGES, GitHub
from github_mcp.client.issues import Issues
from github_mcp.error_messages import NO_ITEM, NO_PROJECT
from github_mcp.models.projects import Project, ProjectField, ProjectItem
from github_mcp.models.threads import Issue


class Projects:
    """GitHub's projects, as the tools need them."""

    def __init__(self, github: GitHub, issues: Issues) -> None:
        self._github = github
        self._issues = issues

    async def listed(self, call: Call, owner: str, limit: int) -> Page[Project]:
        """List the projects of an organization."""
        call.refuse_page()
        path, target = path_of("/orgs/{}/projectsV2", owner), f"projects of the organization {owner}"
        return await self._github.page(call, Project, path, target, limit=limit, meanings=NO_PROJECT)

    async def read(self, call: Call, owner: str, project: int) -> Project:
        """Read a project."""
        path, target = _path(owner, project), _name(owner, project)
        return await self._github.get(call, Project, path, target, meanings=NO_PROJECT)

    async def fields(self, call: Call, owner: str, project: int) -> list[ProjectField]:
        """List all fields of a project."""

        async def ask(at: Call) -> Page[ProjectField]:
            path, target = _path(owner, project, "fields"), _name(owner, project)
            return await self._github.page(at, ProjectField, path, target, limit=100, meanings=NO_PROJECT)

        return [one async for page in pages(call.from_the_start(), ask, most=MOST_PAGES) for one in page.rows]

    async def items(
        self, call: Call, owner: str, project: int, limit: int, fields: Sequence[ProjectField]
    ) -> Page[ProjectItem]:
        """List the items of a project, with their values in these fields."""
        path, target = _path(owner, project, "items"), _name(owner, project)
        query = {"fields": _ids(fields)}
        return await self._github.page(call, ProjectItem, path, target, limit=limit, query=query, meanings=NO_PROJECT)

    async def item(
        self, call: Call, owner: str, project: int, item: int, fields: Sequence[ProjectField]
    ) -> ProjectItem:
        """Read an item, with its values in these fields."""
        path, target = _path(owner, project, "items", item), f"item {item} of {_name(owner, project)}"
        query = {"fields": _ids(fields)}
        return await self._github.get(call, ProjectItem, path, target, query=query, meanings=NO_ITEM)

    async def add(
        self, call: Call, owner: str, project: int, repository: str, number: int
    ) -> tuple[ProjectItem, Issue]:
        """Add an issue or a pull request, which is then an item; return both. A repeat adds nothing more."""
        issue = await self._issues.read(call, repository, number)
        kind, (whose, name) = "PullRequest" if issue.pull_request else "Issue", repository.split("/")
        body = {"type": kind, "owner": whose, "repo": name, "number": number}
        path, target = _path(owner, project, "items"), _name(owner, project)
        write = partial(self._github.write, call, ProjectItem, "POST", path, target, meanings=NO_PROJECT)
        return await write(body=body, success=201), issue

    async def update(self, call: Call, owner: str, project: int, item: int, values: Mapping[int, Any]) -> ProjectItem:
        """Set values of an item, by the ids of their fields."""
        path, target = _path(owner, project, "items", item), f"item {item} of {_name(owner, project)}"
        body = {"fields": [{"id": field, "value": value} for field, value in values.items()]}
        return await self._github.write(call, ProjectItem, "PATCH", path, target, body=body, meanings=NO_ITEM)

    async def remove(self, call: Call, owner: str, project: int, item: int) -> None:
        """Take an item from a project."""
        path, target = _path(owner, project, "items", item), f"item {item} of {_name(owner, project)}"
        await self._github.send(call, "DELETE", path, target, success=(200, 204), meanings=NO_ITEM)


def _path(owner: str, project: int, *parts: str | int) -> VendorPath:
    return path_of(f"/orgs/{{}}/projectsV2/{{}}{'/{}' * len(parts)}", owner, project, *parts)


def _name(owner: str, project: int) -> str:
    return f"project {project} of the organization {owner}"


def _ids(fields: Sequence[ProjectField]) -> str | None:
    return ",".join(str(one.id) for one in fields if one.settable) or None
