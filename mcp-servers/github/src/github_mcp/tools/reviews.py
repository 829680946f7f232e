"""Reviews of pull requests to write: verdicts with comments on lines, replies, threads that are settled."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Literal

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed, WrongArguments
from mcp_kit.paging import pages
from mcp_kit.reply import Reply
from mcp_kit.several_writes import write_all
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import Unlisted, tool
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from github_mcp.client.github import MOST_PAGES
from github_mcp.client.pulls import Pulls
from github_mcp.models.graphql import words
from github_mcp.models.reviews import Review
from github_mcp.tools.arguments import PullNumber, Repository, require_method

SETTLES = {"resolve_thread": True, "unresolve_thread": False}
Step = Callable[[], Awaitable[bool]]


class LineComment(BaseModel):
    """A comment on a line of the diff, or on the lines from `start_line` to it."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(max_length=4_096)]
    line: Annotated[int, Field(ge=1)]
    body: Annotated[str, Field(min_length=1, max_length=65_000)]
    side: Literal["RIGHT", "LEFT"] = "RIGHT"
    start_line: Annotated[int | None, Field(ge=1)] = None

    def variables(self) -> dict[str, Any]:
        """Return it as GitHub's GraphQL takes it."""
        lines = {} if self.start_line is None else {"startLine": self.start_line, "startSide": self.side}
        return {"path": self.path, "line": self.line, "side": self.side, "body": self.body, **lines}

    def document(self) -> dict[str, Any]:
        """Return it as GitHub's REST takes it."""
        lines = {} if self.start_line is None else {"start_line": self.start_line, "start_side": self.side}
        return {"path": self.path, "line": self.line, "side": self.side, "body": self.body, **lines}


Threads = Annotated[
    list[Name],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(max_length=20, description="Ids from get_review_comments"),
]


class ReviewTools:
    """The toolset `pull_requests`, as far as it writes reviews."""

    def __init__(self, pulls: Pulls) -> None:
        self._pulls = pulls

    @tool("pull_requests", writes=True, destructive=True)
    async def pull_request_review_write(
        self,
        call: Call,
        repository: Repository,
        pull_request: PullNumber,
        method: Literal[
            "create", "add_to_pending", "submit_pending", "delete_pending", "resolve_thread", "unresolve_thread"
        ],
        event: Annotated[
            Literal["COMMENT", "REQUEST_CHANGES", "APPROVE"] | None, Field(description="create without it: pending")
        ] = None,
        body: Annotated[str | None, Field(max_length=65_000, description="Markdown")] = None,
        comments: Annotated[
            list[LineComment] | None,
            Field(max_length=60, description="Lines of the diff"),
        ] = None,
        threads: Threads | None = None,
        commit_id: Annotated[str | None, Field(pattern="^[0-9a-f]{40}$"), Unlisted] = None,
    ) -> Reply:
        """Review with all comments on lines at once, in steps while pending, or settle threads."""
        require_method(method, "create", commit_id=commit_id)
        target = f"{repository}#{pull_request}"
        if method in SETTLES:
            return await self._settle(call, repository, pull_request, threads or [], resolved=SETTLES[method])
        if method == "create":
            if event in ("COMMENT", "REQUEST_CHANGES") and not body and not comments:
                raise WrongArguments("A review needs body or comments; nothing was sent.")
            fields = {"body": body, "event": event, "comments": [one.document() for one in comments or ()] or None}
            fields |= {"commit_id": commit_id}
            given = {name: value for name, value in fields.items() if value is not None}
            review = await self._pulls.review(call, repository, pull_request, given)
            return Reply(f"{_told(review)} on {target}{_where(review)}")
        if method == "add_to_pending" and not comments:
            raise WrongArguments("add_to_pending needs comments; nothing was sent.")
        pending = await self._pending(call, repository, pull_request)
        if method == "add_to_pending":
            return await self._comment(call, repository, pull_request, pending, comments or [])
        if method == "delete_pending":
            await self._pulls.discard(call, repository, pull_request, pending.id)
            return Reply(f"The pending review {pending.id} of {target} was deleted.")
        if event is None:
            raise WrongArguments("submit_pending needs event; nothing was sent.")
        given = {"event": event} if body is None else {"event": event, "body": body}
        review = await self._pulls.submit(call, repository, pull_request, pending.id, given)
        return Reply(f"{_told(review)} on {target}{_where(review)}")

    @tool("pull_requests", writes=True)
    async def add_reply_to_pull_request_comment(
        self,
        call: Call,
        repository: Repository,
        pull_request: PullNumber,
        comment: Annotated[int, Field(ge=1, description="A thread's first, from get_review_comments")],
        body: Annotated[str, Field(min_length=1, max_length=65_000, description="Markdown")],
    ) -> Reply:
        """Answer in a review thread. Not repeatable: a second call makes a second reply."""
        made = await self._pulls.reply(call, repository, pull_request, comment, body)
        where = f": {made.address}" if made.address else "."
        return Reply(f"Reply {made.id} was added to comment {comment} of {repository}#{pull_request}{where}")

    async def _settle(self, call: Call, repository: str, number: int, threads: list[str], *, resolved: bool) -> Reply:
        if not threads:
            raise WrongArguments("threads is missing: ids from get_review_comments; nothing was sent.")

        async def settle(thread: str) -> None:
            if await self._pulls.settle(call, repository, number, thread, resolved=resolved) is not resolved:
                raise ToolFailed("GitHub did not do it.", next_step="Look with get_review_comments.")

        done = "resolved" if resolved else "opened again"
        await write_all([(f"{show_name(thread)} was {done}", partial(settle, thread)) for thread in threads])
        return Reply(f"{len(threads)} threads of {repository}#{number} were {done}.")

    async def _comment(
        self, call: Call, repository: str, number: int, pending: Review, comments: list[LineComment]
    ) -> Reply:
        async def add(one: LineComment) -> None:
            if not await self._pulls.comment(call, repository, number, pending.id, one.variables()):
                raise ToolFailed(
                    "GitHub did not do it.", next_step="Give a path and a line of the diff: get_diff shows them."
                )

        await write_all([(f"line {one.line} was commented on", partial(add, one)) for one in comments])
        where = f"pending review {pending.id} of {repository}#{number}{_where(pending)}"
        return Reply(f"{len(comments)} comments were added to {where}")

    async def _pending(self, call: Call, repository: str, number: int) -> Review:
        """Find our own pending review: GitHub shows it to nobody else."""
        ask = partial(self._pulls.reviews, repository=repository, number=number, limit=100)
        async for page in pages(call.from_the_start(), ask, most=MOST_PAGES):
            for review in page.rows:
                if review.state == "PENDING":
                    return review
        raise ToolFailed(f"{repository}#{number} has no pending review of ours.", next_step="Use method=create.")


def _told(review: Review) -> str:
    return f"Review {review.id} ({words(review.state)})"


def _where(review: Review) -> str:
    return f": {review.address}" if review.address else "."
