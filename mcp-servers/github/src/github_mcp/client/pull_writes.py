"""Writes of pull requests."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent_vendors.github import REPOSITORIES
from agent_vendors.github_operations import CONVERT_TO_DRAFT, READY_FOR_REVIEW
from mcp_kit.call import Call
from mcp_kit.error_messages import Meaning
from mcp_kit.paging import below

from github_mcp.client.github import GitHub, path_in
from github_mcp.client.pulls import Pulls
from github_mcp.error_messages import not_written
from github_mcp.models.written import Forked, Merged, WrittenPull

NOT_WRITTEN = not_written("Pull requests")
NOT_MERGED: Mapping[int, Meaning] = {
    **not_written("Contents"),
    409: (
        "The head of {target} moved meanwhile (409); nothing was merged.",
        "Read what came, and give the new head_sha.",
    ),
}


class PullWrites:
    """GitHub's pull requests, as far as the tools write them."""

    def __init__(self, github: GitHub, pulls: Pulls) -> None:
        self._github = github
        self._pulls = pulls

    async def read(self, call: Call, repository: str, number: int) -> WrittenPull:
        """Read a pull request."""
        asking = self._github.get(call, WrittenPull, path_in(repository, "pulls", number), f"{repository}#{number}")
        return await self._pulls.unless_issue(call, repository, number, asking)

    async def is_fork(self, call: Call, fork: str, repository: str) -> bool:
        """Say whether a repository is a fork of another, or that other one of it."""
        for one, other in ((fork, repository), (repository, fork)):
            found = await self._github.get(call, Forked, path_in(one), one)
            if any(REPOSITORIES.same(origin, other) for origin in found.origins):
                return True
        return False

    async def create(self, call: Call, repository: str, fields: Mapping[str, Any]) -> WrittenPull:
        """Open a pull request."""
        where = path_in(repository, "pulls")
        return await self._github.write(
            call, WrittenPull, "POST", where, repository, body=fields, success=201, meanings=NOT_WRITTEN
        )

    async def update(self, call: Call, repository: str, number: int, fields: Mapping[str, Any]) -> WrittenPull:
        """Change the fields given and leave the others."""
        where, target = path_in(repository, "pulls", number), f"{repository}#{number}"
        return await self._github.write(call, WrittenPull, "PATCH", where, target, body=fields, meanings=NOT_WRITTEN)

    async def set_draft(self, call: Call, repository: str, number: int, *, draft: bool) -> WrittenPull:
        """Make a pull request a draft, or ready for review; one that is so already is left alone."""
        pull = await self.read(call, repository, number)
        if pull.draft is draft:
            call.leave_out_write()
            return pull
        asked, where = CONVERT_TO_DRAFT if draft else READY_FOR_REVIEW, path_in(repository, "pulls", number)
        now = await self._github.write_node(call, asked, where, {}, f"{repository}#{number}")
        pull.draft = bool(below(now, ("isDraft",)))
        return pull

    async def reviewers(
        self, call: Call, repository: str, number: int, names: Sequence[str], *, wanted: bool
    ) -> WrittenPull:
        """Ask people, and teams by `organization/team`, for a review, or ask them no more."""
        where, target = path_in(repository, "pulls", number, "requested_reviewers"), f"{repository}#{number}"
        method, success = ("POST", 201) if wanted else ("DELETE", 200)
        people, teams = [name for name in names if "/" not in name], [name for name in names if "/" in name]
        body = {"reviewers": people, "team_reviewers": [name.rpartition("/")[2] for name in teams]}
        body = {kind: asked for kind, asked in body.items() if asked}
        return await self._github.write(
            call, WrittenPull, method, where, target, body=body, success=success, meanings=NOT_WRITTEN
        )

    async def update_branch(self, call: Call, repository: str, number: int, sha: str) -> None:
        """Merge the base into a pull request's branch, if its head is the one that is expected."""
        where, target = path_in(repository, "pulls", number, "update-branch"), f"{repository}#{number}"
        await self._github.send(
            call, "PUT", where, target, body={"expected_head_sha": sha}, success=202, meanings=NOT_WRITTEN
        )

    async def merge(self, call: Call, repository: str, number: int, fields: Mapping[str, Any]) -> Merged:
        """Merge a pull request, if its head is the one that is expected."""
        where, target = path_in(repository, "pulls", number, "merge"), f"{repository}#{number}"
        vendor = self._github.vendor
        reply = await vendor.send(call, "PUT", where, target, body=fields, meanings=NOT_MERGED)
        return vendor.read(Merged, reply.json())
