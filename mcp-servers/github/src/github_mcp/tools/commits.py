"""The history of a repository: commits, branches, tags, trees and comparisons."""

from typing import Annotated, Literal

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.formatting import End, Moment
from mcp_kit.reply import Item, Reply, rows, section
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import Cursor, Limit, tool
from pydantic import Field

from github_mcp.client.commits import Commits
from github_mcp.models.commits import HEAD, SHORT
from github_mcp.models.pulls import PullFile
from github_mcp.tools.arguments import FEWER, Ref, Repository, narrowed


class CommitTools:
    """The reads of the toolset `repos`, but for files and the search of code."""

    def __init__(self, commits: Commits) -> None:
        self._commits = commits

    @tool("repos")
    async def list_commits(
        self,
        call: Call,
        repository: Repository,
        ref: Annotated[Ref | None, Field(description="Branch, tag or commit")] = None,
        path: Annotated[Name | None, Field(max_length=4_096, description="File or folder")] = None,
        author: Annotated[Name | None, Field(description="Login or e-mail")] = None,
        since: Moment | None = None,
        until: End | None = None,
        detail: Annotated[Literal["compact", "full"], Field(description="full: whole messages")] = "compact",
        limit: Limit = 30,
        cursor: Cursor = None,
    ) -> Reply:
        """List commits, latest first, of the default branch or of ref."""
        query = {"sha": ref, "path": path and path.strip("/"), "author": author, "since": since, "until": until}
        page = await self._commits.listed(call, repository, limit, query)
        label = f"commits of {repository}"
        items = [section(label, one.text()) for one in page.rows] if detail == "full" else []
        only = narrowed({name: value for name, value in query.items() if name != "sha"})
        head = f"{page.count('commits')} of {repository}{f' at {show_name(ref)}' if ref else ''}{only}:"
        return Reply(head, items or rows(label, [one.row() for one in page.rows]), page.here, page.next, FEWER)

    @tool("repos")
    async def get_commit(
        self,
        call: Call,
        repository: Repository,
        ref: Annotated[Ref, Field(description="Commit, branch or tag")],
        detail: Annotated[
            Literal["brief", "compact", "full"],
            Field(description="brief: message; compact: and files; full: and diffs"),
        ] = "compact",
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Reply:
        """Read a commit: message, changed files, diffs."""
        commit, page = await self._commits.read(call, repository, ref, limit)
        first, target = page.before == 0, f"{commit.sha[:SHORT]} of {repository}"
        items: list[Item] = []
        if first:
            items = [*rows(f"commit {target}", [commit.facts()]), section(f"commit {target}", commit.commit.message)]
        if detail == "brief":
            return Reply(f"Commit {target}:", items)
        items += file_items(commit.files, target, detail)
        size = f"{page.count('files')}{_lines(commit.files)}"
        return Reply(f"Commit {target}, {size}:", items, page.here, page.next)

    @tool("repos")
    async def list_branches(
        self, call: Call, repository: Repository, limit: Limit = 100, cursor: Cursor = None
    ) -> Reply:
        """List branches with their commits, and which are protected."""
        page = await self._commits.branches(call, repository, limit)
        items = rows(f"branches of {repository}", [one.row() for one in page.rows])
        return Reply(f"{page.count('branches')} of {repository}:", items, page.here, page.next)

    @tool("releases")
    async def list_tags(self, call: Call, repository: Repository, limit: Limit = 50, cursor: Cursor = None) -> Reply:
        """List tags with their commits, the last by name first."""
        page = await self._commits.tags(call, repository, limit)
        items = rows(f"tags of {repository}", [one.row() for one in page.rows])
        return Reply(f"{page.count('tags')} of {repository}:", items, page.here, page.next)

    @tool("repos")
    async def get_repository_tree(
        self,
        call: Call,
        repository: Repository,
        ref: Annotated[Ref, Field(description="Branch, tag, commit or tree")] = HEAD,
        path: Annotated[Name, Field(max_length=4_096, description="Of this folder alone")] = "",
        recursive: Annotated[bool, Field(description="All files below")] = False,
        cursor: Cursor = None,
    ) -> Reply:
        """List files with their sizes, of one folder or of all below it."""
        folder = path.strip("/")
        tree = await self._commits.tree(call, repository, ref, recursive=recursive or bool(folder))
        prefix = f"{folder}/" if folder else ""
        below = [one for one in tree.tree if one.path.startswith(prefix) and (not recursive or one.type != "tree")]
        if not recursive:
            below = [one for one in below if "/" not in one.path[len(prefix) :]]
        if folder and not below and not tree.truncated:
            raise ToolFailed(
                f"{show_name(folder)} is no folder of {repository} at {show_name(ref)}.",
                next_step="Leave path out for the root folder; a file is read by get_file_contents.",
            )
        items = rows(f"files of {repository}", [one.row() for one in below])
        where = f"{repository}{f' in {show_name(folder)}' if folder else ''}"
        where += f" at {show_name(ref)}" if ref != HEAD else ""
        where += ", recursive" if recursive else ""
        cut = (
            " GitHub cut this tree, so files are missing: list a folder by get_file_contents." if tree.truncated else ""
        )
        return Reply(f"{len(items)} entries of {where}:{cut}", items, hint="A path gives less.")

    @tool("repos")
    async def compare_refs(
        self,
        call: Call,
        repository: Repository,
        base: Annotated[Ref, Field(description="The older: branch, tag or commit")],
        head: Annotated[Ref, Field(description="The newer")],
        detail: Annotated[
            Literal["brief", "compact", "full"],
            Field(description="brief: commits; compact: and files; full: and diffs"),
        ] = "compact",
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Reply:
        """List what head has that base has not: commits, oldest first, and changed files."""
        found, page = await self._commits.compare(call, repository, base, head, limit)
        files = found.files or []
        items = rows(f"commits of {repository}", [one.row() for one in page.rows])
        if detail != "brief":
            items += file_items(files, repository, detail)
        far = f"{found.ahead_by} commits ahead of {show_name(base)} and {found.behind_by} behind"
        head_words = f"{show_name(head)} of {repository} is {far}; merge base {found.merge_base_commit.sha[:SHORT]}"
        size = f"; {len(files)} files{_lines(files)}" if found.files is not None else ""
        part = f"; {page.count('commits')}" if page.before or page.next else ""
        return Reply(f"{head_words}{size}{part}:", items, page.here, page.next, FEWER)


def file_items(files: list[PullFile], target: str, detail: str) -> list[Item]:
    """Make the items of changed files: rows (compact), or rows with their diffs (full)."""
    if detail == "full":
        return [section(f"diffs of {target}", file.diff()) for file in files]
    return rows(f"files of {target}", [file.row() for file in files])


def _lines(files: list[PullFile]) -> str:
    return f" +{sum(file.additions for file in files)} -{sum(file.deletions for file in files)}"
