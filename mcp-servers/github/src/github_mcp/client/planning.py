"""Milestones, types of issues, sub-issues and reactions."""

from functools import partial

from mcp_kit.call import Call
from mcp_kit.paging import Page, pages

from github_mcp.client.github import MOST_PAGES, GitHub, path_in
from github_mcp.error_messages import NO_PARENT, NO_SUB_ISSUE, NO_TYPES
from github_mcp.models.planning import IssueType, Milestone, Reaction
from github_mcp.models.threads import Comment, Issue, TimelineEvent

MOST_EVENT_PAGES = 10


class Planning:
    """What issues are planned by, as the tools need it."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def milestones(self, call: Call, repository: str, limit: int, state: str) -> Page[Milestone]:
        """List milestones, those that are due first."""
        path = path_in(repository, "milestones")
        return await self._github.page(call, Milestone, path, repository, limit=limit, query={"state": state})

    async def all_milestones(self, call: Call, repository: str) -> list[Milestone]:
        """List open and closed milestones, 3,000 at the most."""
        ask = partial(self.milestones, repository=repository, limit=100, state="all")
        return [one async for page in pages(call.from_the_start(), ask, most=MOST_PAGES) for one in page.rows]

    async def types(self, call: Call, repository: str) -> list[IssueType]:
        """List the types that issues of a repository can have."""
        vendor = self._github.vendor
        reply = await vendor.send(call, "GET", path_in(repository, "issue-types"), repository, meanings=NO_TYPES)
        return vendor.read_rows(call, IssueType, reply.json())

    async def sub_issues(self, call: Call, repository: str, number: int, limit: int) -> Page[Issue]:
        """List an issue's sub-issues, in their order."""
        path, target = path_in(repository, "issues", number, "sub_issues"), f"{repository}#{number}"
        return await self._github.page(call, Issue, path, target, limit=limit)

    async def parent(self, call: Call, repository: str, number: int) -> Issue:
        """Read the issue of which this one is a sub-issue."""
        path, target = path_in(repository, "issues", number, "parent"), f"{repository}#{number}"
        return await self._github.get(call, Issue, path, target, meanings=NO_PARENT)

    async def timeline(self, call: Call, repository: str, number: int) -> tuple[list[TimelineEvent], bool]:
        """List what happened to an issue, 1,000 events at the most, and say whether these are all."""
        path, target = path_in(repository, "issues", number, "timeline"), f"{repository}#{number}"

        async def ask(at: Call) -> Page[TimelineEvent]:
            return await self._github.page(at, TimelineEvent, path, target, limit=100)

        events, more = list[TimelineEvent](), False
        async for page in pages(call.from_the_start(), ask, most=MOST_EVENT_PAGES):
            events += page.rows
            more = page.next is not None
        return events, not more

    async def add_sub_issue(
        self, call: Call, repository: str, number: int, where: str, sub: Issue, *, replace: bool
    ) -> None:
        """Make an issue a sub-issue of another. A gateway takes its name, which GitHub's id does not tell."""
        target = f"{where}#{sub.number} as a sub-issue of {repository}#{number}"
        body: dict[str, int] = {"replace_parent": True} if replace else {}
        if self._github.gateway:
            path = path_in(repository, "issues", number, "sub_issues", *where.split("/"), sub.number)
        else:
            path, body = path_in(repository, "issues", number, "sub_issues"), {"sub_issue_id": sub.id, **body}
        await self._github.send(call, "POST", path, target, body=body, success=201)

    async def remove_sub_issue(self, call: Call, repository: str, number: int, sub: Issue) -> None:
        """Take a sub-issue from its parent."""
        path, target = path_in(repository, "issues", number, "sub_issue"), _below(repository, number, sub)
        await self._github.send(call, "DELETE", path, target, body={"sub_issue_id": sub.id}, meanings=NO_SUB_ISSUE)

    async def move_sub_issue(
        self, call: Call, repository: str, number: int, sub: Issue, other: Issue, *, before: bool
    ) -> None:
        """Put a sub-issue before or after another of the same parent."""
        path = path_in(repository, "issues", number, "sub_issues", "priority")
        body = {"sub_issue_id": sub.id, "before_id" if before else "after_id": other.id}
        target = _below(repository, number, sub)
        await self._github.send(call, "PATCH", path, target, body=body, meanings=NO_SUB_ISSUE)

    async def react(self, call: Call, repository: str, place: tuple[str | int, ...], content: str, target: str) -> None:
        """React to an issue or a comment; a repeat changes nothing."""
        path, vendor = path_in(repository, "issues", *place, "reactions"), self._github.vendor
        await vendor.send(call, "POST", path, target, body={"content": content}, success=(200, 201))

    async def own_reaction(
        self, call: Call, repository: str, place: tuple[str | int, ...], content: str, login: str, target: str
    ) -> Reaction | None:
        """Return the reaction of an account; None if it has not reacted so."""
        path = path_in(repository, "issues", *place, "reactions")

        async def ask(at: Call) -> Page[Reaction]:
            return await self._github.page(at, Reaction, path, target, limit=100, query={"content": content})

        async for page in pages(call.from_the_start(), ask, most=MOST_PAGES):
            for one in page.rows:
                if one.user.login.casefold() == login.casefold():
                    return one
        return None

    async def comment(self, call: Call, repository: str, comment: int) -> Comment:
        """Read a comment, which tells on what it is."""
        path, target = path_in(repository, "issues", "comments", comment), f"comment {comment} of {repository}"
        return await self._github.get(call, Comment, path, target)

    async def take_back(self, call: Call, repository: str, place: tuple[str | int, ...], one: int, target: str) -> None:
        """Remove a reaction."""
        path = path_in(repository, "issues", *place, "reactions", one)
        await self._github.send(call, "DELETE", path, target, success=204)


def _below(repository: str, number: int, sub: Issue) -> str:
    return f"{sub.repository}#{sub.number} among the sub-issues of {repository}#{number}"
