"""Pull requests to read: lists, how one stands, what it changes, what was said of it."""

from functools import partial
from typing import Annotated, Literal

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.paging import Page, fill, pages
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import Cursor, Detail, Limit, tool
from pydantic import Field

from github_mcp.client.github import MOST_PAGES
from github_mcp.client.pulls import Pulls
from github_mcp.client.searches import MOST_FOUND
from github_mcp.models.pulls import Pull, PullFile
from github_mcp.models.threads import thread_items
from github_mcp.query import scope_query
from github_mcp.tools.arguments import FEWER, PullNumber, Repository, narrowed, require_method
from github_mcp.tools.issues import LONG_TEXT, comments_reply

STATES = {"open": ["OPEN"], "closed": ["CLOSED", "MERGED"], "merged": ["MERGED"], "all": None}
ORDERS = {"created": "CREATED_AT", "updated": "UPDATED_AT", "comments": "COMMENTS"}


class PullTools:
    """The toolset `pull_requests`, as far as it reads."""

    def __init__(self, pulls: Pulls) -> None:
        self._pulls = pulls

    @tool("pull_requests")
    async def list_pull_requests(
        self,
        call: Call,
        repository: Repository,
        state: Literal["open", "closed", "merged", "all"] = "open",
        author: Annotated[Name | None, Field(description="Login")] = None,
        base: Annotated[Name | None, Field(description="Target branch")] = None,
        head: Annotated[Name | None, Field(description="Source branch")] = None,
        sort: Literal["created", "updated", "comments"] = "created",
        direction: Literal["asc", "desc"] = "desc",
        detail: Detail = "compact",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """List a repository's pull requests with size, checks and review. To find by words use search_issues."""
        whose, _, branch = (head or "").rpartition(":")
        told = f"(state {state}, {direction} by {sort}{narrowed({'base': base, 'head': head})})"
        filling = partial(fill, keep=partial(_is_of, whose), limit=limit, most=MOST_PAGES if whose else 1)
        if author is None:
            order = {"field": ORDERS[sort], "direction": direction.upper()}
            asked = {"states": STATES[state], "base": base, "head": branch or None, "order": order}
            page = await filling(call, partial(self._pulls.listed, repository=repository, limit=limit, asked=asked))
            title = f"{page.count('pull requests')} of {repository} {told}:"
        else:
            given = {"is": None if state == "all" else state, "author": author, "base": base, "head": branch or None}
            words = [f'{name}:"{value}"' for name, value in given.items() if value is not None]
            text = scope_query(" ".join([*words, f"sort:{sort}-{direction}"]), repository=repository, kind="pr")
            total = 0

            async def ask(at: Call) -> Page[Pull]:
                nonlocal total
                total, found = await self._pulls.found(at, repository, text, limit)
                return found

            page = await filling(call, ask)
            told += f"; GitHub lists the first {MOST_FOUND:,} alone" if total > MOST_FOUND else ""
            counted = page.count("pull requests") + ("" if whose else f" of {total}")
            title = f"{counted} by {show_name(author)} in {repository} {told}:"
        items = thread_items(page.rows, "pull requests", repository, detail)
        return Reply(title, items, page.here, page.next, FEWER)

    @tool("pull_requests")
    async def pull_request_read(
        self,
        call: Call,
        repository: Repository,
        pull_request: PullNumber,
        method: Annotated[
            Literal[
                "get",
                "get_files",
                "get_diff",
                "get_commits",
                "get_check_runs",
                "get_reviews",
                "get_review_comments",
                "get_comments",
            ],
            Field(description="get: facts, body, verdicts, failing checks; get_review_comments: threads on lines"),
        ] = "get",
        path: Annotated[Name | None, Field(description="get_diff of this file alone")] = None,
        detail: Annotated[
            Literal["compact", "full"], Field(description="full: whole texts, patches, reports of checks")
        ] = "compact",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Reply:
        """Read one pull request: how it stands, what it changes, what was said."""
        require_method(method, "get_diff", path=path)
        target, full = f"{repository}#{pull_request}", detail == "full"
        most = None if full else LONG_TEXT
        match method:
            case "get":
                return await self._get(call, repository, pull_request)
            case "get_check_runs":
                standing, checks = await self._pulls.read(call, repository, pull_request, limit, full=full)
                items = rows(f"checks of {target}", [check.row() for check in checks.rows])
                if full:
                    items = [section(f"checks of {target}", check.text()) for check in checks.rows]
                head = f"{checks.count('checks')} of {standing.checks}, check runs and statuses, on "
                return Reply(f"{head}{standing.pull.head_sha[:7]}, head of {target}:", items, checks.here, checks.next)
            case "get_comments":
                said = await self._pulls.comments(call, repository, pull_request, limit)
                return comments_reply(said, target, "", whole=full)
            case "get_commits":
                commits = await self._pulls.commits(call, repository, pull_request, limit)
                items = rows(f"commits of {target}", [commit.row() for commit in commits.rows])
                if full:
                    items = [section(f"commits of {target}", commit.text()) for commit in commits.rows]
                return Reply(
                    f"{commits.count('commits')} of {target}, oldest first:", items, commits.here, commits.next
                )
            case "get_reviews":
                reviews = await self._pulls.reviews(call, repository, pull_request, limit)
                items = [section(f"reviews of {target}", review.text(most)) for review in reviews.rows]
                return Reply(
                    f"{reviews.count('reviews')} of {target}, oldest first:", items, reviews.here, reviews.next
                )
            case "get_review_comments":
                threads = await self._pulls.threads(call, repository, pull_request, limit)
                items = [section(f"threads of {target}", thread.text(most)) for thread in threads.rows]
                return Reply(f"{threads.count('review threads')} of {target}:", items, threads.here, threads.next)
        if path is not None:
            file = await self._file(call, repository, pull_request, path)
            return Reply(f"Diff of one file in {target}:", [section(f"diff in {target}", file.diff())])
        files = await self._pulls.files(call, repository, pull_request, limit)
        if method == "get_files" and not full:
            items = rows(f"files of {target}", [file.row() for file in files.rows])
        else:
            items = [section(f"diffs of {target}", file.diff()) for file in files.rows]
        hint = "path gives one file's diff."
        return Reply(f"{files.count('files')} of {target}:", items, files.here, files.next, hint)

    async def _get(self, call: Call, repository: str, number: int) -> Reply:
        target = f"{repository}#{number}"
        standing, checks = await self._pulls.with_all_checks(call, repository, number)
        pull = standing.pull
        failing = [check.row() for check in checks if check.failed]
        facts = rows(f"facts of {target}", [pull.row(excerpt=0), standing.row(checks), *failing])
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


def _is_of(owner: str, pull: Pull) -> bool:
    """Say whether the branch of a pull request is in a repository of an owner's; "" stands for whoever."""
    return not owner or (pull.head_owner or "").casefold() == owner.casefold()
