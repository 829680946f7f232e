"""What issues are planned by: milestones, types, sub-issues and reactions."""

from typing import Annotated, Literal

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed, WrongArguments
from mcp_kit.reply import Reply, rows
from mcp_kit.tool import Cursor, Limit, tool
from pydantic import Field

from github_mcp.client.accounts import Accounts
from github_mcp.client.issues import Issues
from github_mcp.client.planning import Planning
from github_mcp.tools.arguments import FEWER, IssueNumber, Repository


class PlanningTools:
    """The toolset `issue_depth`."""

    def __init__(self, issues: Issues, planning: Planning, accounts: Accounts) -> None:
        self._issues = issues
        self._planning = planning
        self._accounts = accounts

    @tool("issue_depth")
    async def list_milestones(
        self,
        call: Call,
        repository: Repository,
        state: Literal["open", "closed", "all"] = "open",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Reply:
        """List a repository's milestones with their progress, those that are due first."""
        page = await self._planning.milestones(call, repository, limit, state)
        items = rows(f"milestones of {repository}", [one.row() for one in page.rows])
        each = ", each with its number and title" if items else ""
        head = f"{page.count('milestones')} of {repository} (state {state}){each}:"
        return Reply(head, items, page.here, page.next, FEWER)

    @tool("issue_depth")
    async def list_issue_types(self, call: Call, repository: Repository) -> Reply:
        """List the types that issues of a repository can have; its organization defines them."""
        types = await self._planning.types(call, repository)
        items = rows(f"issue types of {repository}", [one.row() for one in types])
        return Reply(f"{len(types)} issue types of {repository}:", items)

    @tool("issue_depth", writes=True, idempotent=True)
    async def sub_issue_write(
        self,
        call: Call,
        repository: Repository,
        issue: Annotated[int, Field(ge=1, description="The parent")],
        method: Literal["add", "remove", "reprioritize"],
        sub_issue: IssueNumber,
        sub_repository: Annotated[Repository | None, Field(description="Unset: the parent's")] = None,
        replace_parent: Annotated[bool, Field(description="add: take it from another parent")] = False,
        after: Annotated[int | None, Field(ge=1, description="reprioritize: after this number")] = None,
        before: Annotated[int | None, Field(ge=1)] = None,
    ) -> Reply:
        """Add or remove a sub-issue by its number, or put it elsewhere in the order."""
        sides = [side for side in (after, before) if side is not None]
        if len(sides) != int(method == "reprioritize") or (replace_parent and method != "add"):
            raise WrongArguments(
                "reprioritize needs after or before, one of them; add takes replace_parent alone; nothing was sent."
            )
        parent, where = f"{repository}#{issue}", sub_repository or repository
        sub = await self._issues.read(call, where, sub_issue)
        name = f"{where}#{sub_issue}"
        if method == "add":
            await self._planning.add_sub_issue(call, repository, issue, where, sub, replace=replace_parent)
            return Reply(f"{name} is now a sub-issue of {parent}. {sub.address}".rstrip())
        if method == "remove":
            await self._planning.remove_sub_issue(call, repository, issue, sub)
            return Reply(f"{name} is no longer a sub-issue of {parent}. {sub.address}".rstrip())
        (number,) = sides
        page = await self._planning.sub_issues(call.from_the_start(), repository, issue, 100)
        other = next((one for one in page.rows if one.number == number and one.is_in(where)), None)
        if other is None:
            raise ToolFailed(
                f"{parent} has no sub-issue {where}#{number}; nothing was sent.",
                next_step="issue_read with method=get_sub_issues shows those that are there.",
            )
        await self._planning.move_sub_issue(call, repository, issue, sub, other, before=after is None)
        side = "after" if after else "before"
        return Reply(
            f"{name} now stands {side} {where}#{number} among the sub-issues of {parent}. {sub.address}".rstrip()
        )

    @tool("issue_depth", writes=True, idempotent=True)
    async def add_reaction(
        self,
        call: Call,
        repository: Repository,
        issue: Annotated[int, Field(ge=1, description="Issue or pull request")],
        content: Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"],
        comment: Annotated[int | None, Field(ge=1, description="Id of a comment of it")] = None,
        remove: Annotated[bool, Field(description="Take back the own one")] = False,
    ) -> Reply:
        """React to an issue, a pull request or a comment, or take that back. A repeat changes nothing."""
        target = f"{repository}#{issue}"
        place: tuple[str | int, ...] = (issue,)
        if comment is not None:
            place, target = ("comments", comment), await self._comment(call, repository, issue, comment)
        if not remove:
            await self._planning.react(call, repository, place, content, target)
            return Reply(f"The reaction {content} stands at {target}.")
        login = await self._accounts.own_login(call)
        found = await self._planning.own_reaction(call, repository, place, content, login, target)
        if found is None:
            return Reply(f"There is no reaction {content} of ours at {target}.")
        await self._planning.take_back(call, repository, place, found.id, target)
        return Reply(f"The reaction {content} was taken back from {target}.")

    async def _comment(self, call: Call, repository: str, issue: int, comment: int) -> str:
        """Return what a comment is called, with its address: an id alone would lead to one of any issue."""
        found = await self._planning.comment(call, repository, comment)
        if not found.is_on(repository, issue):
            raise ToolFailed(
                f"The comment {comment} is not one of {repository}#{issue}; nothing was sent.",
                next_step="issue_read with method=get_comments shows the ids of those that are there.",
            )
        return f"comment {comment} of {repository}#{issue}" + (f", {found.address}" if found.address else "")
