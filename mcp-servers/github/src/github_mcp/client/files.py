"""Writes of files and branches: one file in a commit of its own, or several by git's own objects."""

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.shown_names import show_name

from github_mcp.client.commits import Commits
from github_mcp.client.contents import Contents
from github_mcp.client.github import GitHub, path_in
from github_mcp.error_messages import not_written
from github_mcp.models.commits import Commit, Tree
from github_mcp.models.contents import Entry
from github_mcp.models.written import WrittenCommit, WrittenFile, WrittenRef, WrittenTree

NOT_WRITTEN = not_written("Contents")
WRITTEN = (200, 201)
"""The statuses with which GitHub answers the write of a file: 201 of a new one."""


class Files:
    """GitHub's files and branches, as far as the tools write them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._contents = Contents(github)
        self._commits = Commits(github)

    async def head(self, call: Call, repository: str, ref: str) -> Commit:
        """Read the commit to which a branch, a tag or an id points."""
        return (await self._commits.read(call.from_the_start(), repository, ref))[0]

    async def file(self, call: Call, repository: str, path: str, branch: str) -> Entry | None:
        """Read a file of a branch; None if it is not there."""
        try:
            found = await self._contents.read(call, repository, path, branch)
        except ToolFailed as refusal:
            if refusal.status == 404:
                return None
            raise
        return found if isinstance(found, Entry) and found.type == "file" else None

    async def tree(self, call: Call, repository: str, sha: str) -> Tree:
        """Read all files of a tree."""
        return await self._commits.tree(call, repository, sha, recursive=True)

    async def put(self, call: Call, repository: str, path: str, fields: Mapping[str, Any]) -> WrittenCommit:
        """Write a file: a new one, or one whose present content has the id `sha`."""
        return await self._file(call, "PUT", repository, path, fields)

    async def delete(self, call: Call, repository: str, path: str, fields: Mapping[str, Any]) -> WrittenCommit:
        """Delete a file whose present content has the id `sha`."""
        return await self._file(call, "DELETE", repository, path, fields)

    async def make_tree(self, call: Call, repository: str, base: str, entries: Sequence[Any]) -> str:
        """Make a tree of another one and changed entries, which nobody sees yet; return its id."""
        body, where = {"base_tree": base, "tree": list(entries)}, path_in(repository, "git", "trees")
        made = await self._github.write(
            call, WrittenTree, "POST", where, repository, body=body, success=201, meanings=NOT_WRITTEN
        )
        return made.sha

    async def make_commit(self, call: Call, repository: str, fields: Mapping[str, Any]) -> WrittenCommit:
        """Make a commit, which nobody sees yet."""
        where = path_in(repository, "git", "commits")
        return await self._github.write(
            call, WrittenCommit, "POST", where, repository, body=fields, success=201, meanings=NOT_WRITTEN
        )

    async def make_branch(self, call: Call, repository: str, branch: str, sha: str) -> WrittenRef:
        """Let a new branch point to a commit."""
        body, target = {"ref": f"refs/heads/{branch}", "sha": sha}, f"{show_name(branch)} in {repository}"
        where = path_in(repository, "git", "refs")
        return await self._github.write(
            call, WrittenRef, "POST", where, target, body=body, success=201, meanings=NOT_WRITTEN
        )

    async def move_branch(self, call: Call, repository: str, branch: str, sha: str) -> WrittenRef:
        """Let a branch point to a commit that came after the one to which it points."""
        where, target = path_in(repository, "git", "refs", f"heads/{branch}"), f"{show_name(branch)} in {repository}"
        return await self._github.write(
            call, WrittenRef, "PATCH", where, target, body={"sha": sha}, meanings=NOT_WRITTEN
        )

    async def _file(
        self, call: Call, method: str, repository: str, path: str, fields: Mapping[str, Any]
    ) -> WrittenCommit:
        target = f"{show_name(path)} on {show_name(str(fields['branch']))} in {repository}"
        where = path_in(repository, "contents", *path.split("/"))
        reply = await self._github.send(call, method, where, target, body=fields, success=WRITTEN, meanings=NOT_WRITTEN)
        return self._github.vendor.read(WrittenFile, reply.json()).commit
