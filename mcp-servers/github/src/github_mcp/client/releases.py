"""Releases and deployments of a repository."""

from collections.abc import Mapping
from typing import Any

from mcp_kit.call import Call
from mcp_kit.paging import Page
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_client import Query

from github_mcp.client.github import GitHub, path_in
from github_mcp.error_messages import NO_NOTES, NO_RELEASE, not_written
from github_mcp.models.releases import Deployment, DeploymentStatus, Notes, Release


class Releases:
    """GitHub's releases and deployments, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def listed(self, call: Call, repository: str, limit: int) -> Page[Release]:
        """List releases; GitHub shows drafts to those alone who may push."""
        return await self._github.page(call, Release, path_in(repository, "releases"), repository, limit=limit)

    async def read(self, call: Call, repository: str, tag: str | None) -> Release:
        """Read the published release of a tag; without a tag the latest one that is no prerelease."""
        where = ("tags", *tag.split("/")) if tag else ("latest",)
        target = f"release {show_name(tag)} of {repository}" if tag else f"published release of {repository}"
        path = path_in(repository, "releases", *where)
        return await self._github.get(call, Release, path, target, meanings=NO_RELEASE)

    async def create(self, call: Call, repository: str, fields: Mapping[str, Any]) -> Release:
        """Make a release, as a draft or published."""
        path, meanings = path_in(repository, "releases"), not_written("Contents")
        return await self._github.write(
            call, Release, "POST", path, repository, body=fields, success=201, meanings=meanings
        )

    async def notes(self, call: Call, repository: str, fields: Mapping[str, Any]) -> Notes:
        """Ask for the notes of a tag that is there or will be; GitHub keeps nothing of it."""
        path, vendor = path_in(repository, "releases", "generate-notes"), self._github.vendor
        reply = await vendor.send(call, "POST", path, repository, body=fields, reads=True, meanings=NO_NOTES)
        return vendor.read(Notes, reply.json())

    async def deployments(self, call: Call, repository: str, limit: int, query: Query) -> Page[Deployment]:
        """List deployments, the newest first."""
        path = path_in(repository, "deployments")
        return await self._github.page(call, Deployment, path, repository, limit=limit, query=query)

    async def latest_status(self, call: Call, repository: str, deployment: int) -> DeploymentStatus | None:
        """Read the latest status of a deployment; None where it has none yet."""
        path = path_in(repository, "deployments", deployment, "statuses")
        target = f"deployment {deployment} of {repository}"
        start = call.from_the_start()
        page = await self._github.page(start, DeploymentStatus, path, target, limit=1)
        return page.rows[0] if page.rows else None
