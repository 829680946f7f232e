"""Pull requests: how they stand, and what they change."""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from agent_vendors.github import REPOSITORIES
from agent_vendors.github_operations import (
    ADD_REVIEW_THREAD,
    FOUND_PULL_REQUESTS,
    PULL_REQUEST,
    PULL_REQUESTS,
    RESOLVE_THREAD,
    REVIEW_THREADS,
    THREAD_OF,
    UNRESOLVE_THREAD,
    VISIBILITY,
)
from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed, WrongArguments
from mcp_kit.lockdown import is_locked
from mcp_kit.paging import Page, below, pages
from mcp_kit.shown_names import show_name

from github_mcp.client.github import MOST_PAGES, GitHub, path_in
from github_mcp.client.issues import Issues
from github_mcp.models.commits import Commit
from github_mcp.models.pulls import Pull, PullFile
from github_mcp.models.reviews import Check, Review, ReviewThread, Standing
from github_mcp.models.threads import Comment

MOST_FILES = 3_000
"""Where GitHub's list of a pull request's files ends. Source: "List pull requests files" in its REST API reference."""
MOST_COMMITS = 250
"""Where its list of commits ends. Source: "List commits on a pull request", as above."""
ONE = ("repository", "pullRequest")
T = TypeVar("T")


class Pulls:
    """GitHub's pull requests, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._issues = Issues(github)

    async def listed(self, call: Call, repository: str, limit: int, asked: Mapping[str, Any]) -> Page[Pull]:
        """List pull requests, each with its size, checks and review."""
        at, variables = partial(below, keys=("repository", "pullRequests")), {**_of(repository), **asked}
        page, _ = await self._github.page_of(call, Pull, PULL_REQUESTS, variables, repository, at=at, limit=limit)
        return page

    async def found(self, call: Call, repository: str, text: str, limit: int) -> tuple[int, Page[Pull]]:
        """Search pull requests of a repository; return how many there are, and a page of them.

        Raises:
            ToolFailed: there is no such repository, to which GitHub's search says that nothing is found.
        """
        asked, at = {"query": text}, partial(below, keys=("search",))
        page, data = await self._github.page_of(
            call, Pull, FOUND_PULL_REQUESTS, asked, "the search", at=at, limit=limit
        )
        total = int(below(data, ("search", "issueCount")) or 0)
        if not total:
            await self._github.ask(call, VISIBILITY, _of(repository), repository)
        return total, page

    async def read(
        self, call: Call, repository: str, number: int, limit: int = 100, *, full: bool = False
    ) -> tuple[Standing, Page[Check]]:
        """Read a pull request with how it stands, and a page of its checks, with what each says in full."""
        if full:
            await self._require_shown_author(call, repository, number)
        variables = {**_of(repository), "number": number, **({"full": True} if full else {})}
        asking = self._github.page_of(
            call, Check, PULL_REQUEST, variables, f"{repository}#{number}", at=_contexts, limit=limit
        )
        page, data = await self.unless_issue(call, repository, number, asking)
        return self._github.vendor.read(Standing, below(data, ONE)), page

    async def with_all_checks(self, call: Call, repository: str, number: int) -> tuple[Standing, list[Check]]:
        """Read a pull request with how it stands, and all checks of its head."""
        standing, checks = await self.read(call.from_the_start(), repository, number)
        found = list(checks.rows)
        if checks.next is not None:

            async def ask(at: Call) -> Page[Check]:
                return (await self.read(at, repository, number))[1]

            following = pages(replace(call, start=checks.next), ask, most=MOST_PAGES)
            found += [check async for page in following for check in page.rows]
        return standing, found

    async def threads(self, call: Call, repository: str, number: int, limit: int) -> Page[ReviewThread]:
        """List the threads of a pull request's review, with their comments."""
        variables, target = {**_of(repository), "number": number}, f"{repository}#{number}"
        at = partial(below, keys=(*ONE, "reviewThreads"))
        asking = self._github.page_of(call, ReviewThread, REVIEW_THREADS, variables, target, at=at, limit=limit)
        return (await self.unless_issue(call, repository, number, asking))[0]

    async def comments(self, call: Call, repository: str, number: int, limit: int) -> Page[Comment]:
        """List the comments of a pull request's conversation, the oldest first."""
        asking = self._issues.comments(call, repository, number, limit, None)
        return await self.unless_issue(call, repository, number, asking)

    async def reviews(self, call: Call, repository: str, number: int, limit: int) -> Page[Review]:
        """List the reviews of a pull request, the oldest first."""
        path, target = path_in(repository, "pulls", number, "reviews"), f"{repository}#{number}"
        asking = self._github.page(call, Review, path, target, limit=limit)
        return await self.unless_issue(call, repository, number, asking)

    async def review(self, call: Call, repository: str, number: int, fields: Mapping[str, Any]) -> Review:
        """Write a review, with comments on lines of the diff."""
        path, target = path_in(repository, "pulls", number, "reviews"), f"{repository}#{number}"
        return await self._github.write(call, Review, "POST", path, target, body=fields)

    async def submit(self, call: Call, repository: str, number: int, review: int, fields: Mapping[str, Any]) -> Review:
        """Submit a pending review."""
        path = path_in(repository, "pulls", number, "reviews", review, "events")
        return await self._github.write(
            call, Review, "POST", path, f"review {review} of {repository}#{number}", body=fields
        )

    async def discard(self, call: Call, repository: str, number: int, review: int) -> None:
        """Delete a pending review."""
        path = path_in(repository, "pulls", number, "reviews", review)
        await self._github.send(call, "DELETE", path, f"review {review} of {repository}#{number}")

    async def comment(self, call: Call, repository: str, number: int, review: int, fields: Mapping[str, Any]) -> bool:
        """Comment on a line in a pending review; False where the diff does not have the line."""
        path, target = path_in(repository, "pulls", number, "reviews", review), f"{repository}#{number}"
        return await self._github.write_node(call, ADD_REVIEW_THREAD, path, fields, target) is not None

    async def reply(self, call: Call, repository: str, number: int, comment: int, body: str) -> Comment:
        """Answer a comment of a review, in its thread."""
        path = path_in(repository, "pulls", number, "comments", comment, "replies")
        target = f"comment {comment} of {repository}#{number}"
        return await self._github.write(call, Comment, "POST", path, target, body={"body": body}, success=201)

    async def settle(self, call: Call, repository: str, number: int, thread: str, *, resolved: bool) -> bool:
        """Resolve a thread of this pull request or open it again; return how it stands. A gateway looks whose it is."""
        target, variables = f"thread {show_name(thread)} of {repository}#{number}", {"thread": thread}
        if not self._github.gateway:
            pull = below(await self._github.ask(call, THREAD_OF, variables, target), ("node", "pullRequest"))
            owner = str(below(pull, ("repository", "nameWithOwner")))
            if below(pull, ("number",)) != number or not REPOSITORIES.same(owner, repository):
                raise WrongArguments(
                    f"threads: {show_name(thread)} is none of {repository}#{number}.",
                    next_step="Take ids from get_review_comments of this pull request.",
                )
        asked = RESOLVE_THREAD if resolved else UNRESOLVE_THREAD
        place: list[str | int] = [*repository.split("/"), number]
        data = await self._github.ask(call, asked, variables, target, place=place)
        (answer,) = data.values()
        return bool(below(answer, ("thread", "isResolved")))

    async def files(self, call: Call, repository: str, number: int, limit: int) -> Page[PullFile]:
        """List the files that a pull request changes, with their patches."""
        await self._require_shown_author(call, repository, number)
        path, target = path_in(repository, "pulls", number, "files"), f"{repository}#{number}"
        asking = self._github.page(call, PullFile, path, target, limit=limit, ceiling=MOST_FILES)
        return await self.unless_issue(call, repository, number, asking)

    async def commits(self, call: Call, repository: str, number: int, limit: int) -> Page[Commit]:
        """List the commits of a pull request, the oldest first."""
        await self._require_shown_author(call, repository, number)
        path, target = path_in(repository, "pulls", number, "commits"), f"{repository}#{number}"
        asking = self._github.page(call, Commit, path, target, limit=limit, ceiling=MOST_COMMITS)
        return await self.unless_issue(call, repository, number, asking)

    async def _require_shown_author(self, call: Call, repository: str, number: int) -> None:
        """Refuse the changes of a pull request in lockdown if its author has no push access."""
        if is_locked() and (await self._issues.read(call.from_the_start(), repository, number)).withheld:
            raise ToolFailed(
                f"Lockdown leaves out the changes of {repository}#{number}: its author has no push access.",
                next_step="Do without them; nobody but the operator can open them.",
            )

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


def _of(repository: str) -> dict[str, str]:
    owner, name = repository.split("/")
    return {"owner": owner, "name": name}


def _contexts(data: Any) -> Any:
    """Find the list of checks of a pull request's last commit; None without any."""
    commits = below(data, (*ONE, "head", "nodes")) or [None]
    return below(commits[0], ("commit", "statusCheckRollup", "contexts"))
