"""Discussions of a repository: to find, to read, and to comment on."""

from typing import Annotated, Any, Literal

from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.formatting import beginning
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import Cursor, Detail, Limit, tool
from pydantic import Field

from github_mcp.client.discussions import Discussions
from github_mcp.models.threads import thread_items
from github_mcp.tools.arguments import FEWER, Repository, narrowed
from github_mcp.tools.issues import LONG_TEXT

Number = Annotated[int, Field(ge=1)]
Whole = Literal["compact", "full"]
STATES = {"open": ["OPEN"], "closed": ["CLOSED"], "all": None}


class DiscussionTools:
    """The toolset `discussions`."""

    def __init__(self, discussions: Discussions) -> None:
        self._discussions = discussions

    @tool("discussions")
    async def list_discussions(
        self,
        call: Call,
        repository: Repository,
        category: Annotated[Name | None, Field(max_length=255, description="Name, slug or id")] = None,
        state: Literal["open", "closed", "all"] = "open",
        answered: bool | None = None,
        sort: Literal["created", "updated"] = "updated",
        direction: Literal["asc", "desc"] = "desc",
        detail: Detail = "compact",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """List a repository's discussions, the last updated first."""
        asked: dict[str, Any] = {"states": STATES[state], "answered": answered}
        asked["order"] = {"field": f"{sort.upper()}_AT", "direction": direction.upper()}
        asked["category"] = await self._category(call, repository, category) if category else None
        given = {name: value for name, value in asked.items() if value is not None}
        total, page = await self._discussions.listed(call, repository, limit, given)
        only = narrowed({"category": category, "answered": answered})
        head = f"{page.count('discussions')} of {total} of {repository} (state {state}, {direction} by {sort}{only}):"
        return Reply(head, thread_items(page.rows, "discussions", repository, detail), page.here, page.next, FEWER)

    @tool("discussions")
    async def get_discussion(
        self, call: Call, repository: Repository, discussion: Number, detail: Whole = "full", cursor: Cursor = None
    ) -> Reply:
        """Read a discussion: its facts, its text, and the comment that was chosen as its answer."""
        found, target = await self._discussions.read(call, repository, discussion), f"{repository}#{discussion}"
        most = LONG_TEXT if detail == "compact" else None
        body = beginning(found.body or "(no body)", most) if most else found.body or "(no body)"
        items = [*rows(f"facts of {target}", [found.row(excerpt=0)]), section(f"body of {target}", body)]
        if found.answer:
            items.append(section(f"answer in {target}", found.answer.text(most)))
        more = f" get_discussion_comments gives its {found.comments} comments." if found.comments else ""
        return Reply(f"Discussion {target}{f', {found.address}' if found.address else ''}:{more}", items)

    @tool("discussions")
    async def get_discussion_comments(
        self,
        call: Call,
        repository: Repository,
        discussion: Number,
        detail: Whole = "compact",
        limit: Limit = 30,
        cursor: Cursor = None,
    ) -> Reply:
        """Read the comments of a discussion with their replies, the oldest first."""
        total, page = await self._discussions.comments(call, repository, discussion, limit)
        most, target = None if detail == "full" else LONG_TEXT, f"{repository}#{discussion}"
        items = [section(f"comment {place} here of {target}", one.text(most)) for place, one in enumerate(page.rows, 1)]
        return Reply(f"{page.count('comments')} of {total} of discussion {target}:", items, page.here, page.next)

    @tool("discussions")
    async def list_discussion_categories(self, call: Call, repository: Repository) -> Reply:
        """List the categories of a repository's discussions."""
        found = await self._discussions.categories(call, repository)
        items = rows(f"categories of {repository}", [one.row() for one in found])
        return Reply(f"{len(found)} discussion categories of {repository}:", items)

    @tool("discussions", writes=True)
    async def discussion_comment_write(
        self,
        call: Call,
        repository: Repository,
        discussion: Number,
        method: Literal["add", "reply"],
        body: Annotated[str, Field(min_length=1, max_length=65_000, description="Markdown")],
        reply_to: Annotated[
            Name | None, Field(max_length=200, description="Comment id from get_discussion_comments")
        ] = None,
    ) -> Reply:
        """Comment on a discussion, or reply to a comment. Not repeatable: a second call makes a second one."""
        if (method == "reply") != (reply_to is not None):
            raise WrongArguments("reply needs reply_to, add takes none; nothing was sent.")
        made = await self._discussions.comment(call, repository, discussion, body, reply_to)
        what = f"{'Reply' if reply_to else 'Comment'} {show_name(made.id)}"
        where = f": {made.address}" if made.address else "."
        return Reply(f"{what} was added to discussion {repository}#{discussion}{where}")

    async def _category(self, call: Call, repository: str, name: str) -> str:
        """Return the id of a category."""
        known = await self._discussions.categories(call.from_the_start(), repository)
        found = next((one.id for one in known if one.is_called(name)), None)
        if found is None:
            raise ToolFailed(
                f"{repository} has no such category of discussions.",
                quoted=Quoted("its categories", " ".join(show_name(one.name) for one in known)),
                next_step="Take one of them.",
            )
        return found
