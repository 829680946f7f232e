"""Pull requests."""

from functools import partial
from typing import Annotated, Literal

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.paging import pages
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import Cursor, Detail, Limit, tool
from pydantic import Field

from github_mcp.client.github import MOST_PAGES
from github_mcp.client.pulls import Pulls
from github_mcp.models.pulls import PullFile
from github_mcp.models.threads import thread_items
from github_mcp.tools.arguments import FEWER, PullNumber, Repository


class PullTools:
    """The toolset `pull_requests`."""

    def __init__(self, pulls: Pulls) -> None:
        self._pulls = pulls

    @tool("pull_requests")
    async def list_pull_requests(
        self,
        call: Call,
        repository: Repository,
        state: Literal["open", "closed", "all"] = "open",
        base: Annotated[Name | None, Field(description="Target branch")] = None,
        head: Annotated[Name | None, Field(description="owner:branch")] = None,
        sort: Literal["created", "updated"] = "created",
        direction: Literal["asc", "desc"] = "desc",
        detail: Detail = "compact",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """List a repository's pull requests, newest first. To find by words use search_issues."""
        query = {"state": state, "base": base, "head": head, "sort": sort, "direction": direction}
        page = await self._pulls.listed(call, repository, limit, query)
        items = thread_items(page.rows, "pull requests", repository, detail)
        title = f"{page.count('pull requests')} of {repository} (state {state}, {direction} by {sort}):"
        return Reply(title, items, page.here, page.next, FEWER)

    @tool("pull_requests")
    async def pull_request_read(
        self,
        call: Call,
        repository: Repository,
        pull_request: PullNumber,
        method: Annotated[
            Literal["get", "get_files", "get_diff"],
            Field(description="get: facts and body; get_files: changed files; get_diff: their diffs"),
        ] = "get",
        path: Annotated[Name | None, Field(description="get_diff of this file alone")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Reply:
        """Read one pull request, its changed files, or their diffs. Comments: issue_read with method=get_comments."""
        target = f"{repository}#{pull_request}"
        if method == "get_diff" and path is not None:
            file = await self._file(call, repository, pull_request, path)
            return Reply(f"Diff of one file in {target}:", [section(f"diff in {target}", file.diff())])
        if method != "get":
            page = await self._pulls.files(call, repository, pull_request, limit)
            if method == "get_files":
                items = rows(f"files of {target}", [file.row() for file in page.rows])
            else:
                items = [section(f"diffs of {target}", file.diff()) for file in page.rows]
            return Reply(
                f"{page.count('files')} of {target}:", items, page.here, page.next, "path gives one file's diff."
            )
        pull = await self._pulls.read(call, repository, pull_request)
        facts = rows(f"facts of {target}", [pull.row(excerpt=0)])
        return Reply(f"{target}:", [*facts, section(f"body of {target}", pull.body or "(no body)")])

    async def _file(self, call: Call, repository: str, number: int, path: str) -> PullFile:
        ask = partial(self._pulls.files, repository=repository, number=number, limit=100)
        async for page in pages(call.from_the_start(), ask, most=MOST_PAGES):
            for file in page.rows:
                if path in (file.filename, file.previous_filename):
                    return file
        raise ToolFailed(
            f"{repository}#{number} does not change {show_name(path)}.", next_step="method=get_files lists its files."
        )
