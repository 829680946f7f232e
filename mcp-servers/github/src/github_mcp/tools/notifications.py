"""The notifications of the token's account: what is new, and what it wants to hear of."""

from typing import Annotated, Literal

from agent_vendors.github import REPOSITORIES
from mcp_kit.call import Call
from mcp_kit.errors import Refused, WrongArguments
from mcp_kit.formatting import End, Moment
from mcp_kit.reply import Item, Reply, rows
from mcp_kit.tool import Cursor, Limit, tool
from pydantic import Field

from github_mcp.client.notifications import Notifications
from github_mcp.models.notifications import Notification
from github_mcp.tools.arguments import FEWER, Repository, narrowed

EVERYTHING = "*/*"
"""What a grant must name for that which concerns all repositories."""
FILTERS = {"include_read_notifications": "all", "only_participating": "participating"}
Thread = Annotated[int, Field(ge=1, le=10**17, description="An id of list_notifications")]


class NotificationTools:
    """The toolset `notifications`."""

    def __init__(self, notifications: Notifications) -> None:
        self._notifications = notifications

    @tool("notifications", checks=True)
    async def list_notifications(
        self,
        call: Call,
        repository: Repository | None = None,
        thread: Annotated[Thread | None, Field(description="Read this one")] = None,
        filter: Literal["default", "include_read_notifications", "only_participating"] = "default",  # noqa: A002
        since: Moment | None = None,
        until: End | None = None,
        limit: Annotated[Limit, Field(le=50)] = 30,
        cursor: Cursor = None,
    ) -> Reply:
        """List the account's unread notifications, newest first: id, reason, what it is about."""
        if thread is not None:
            found, following = await self._own(call, thread), await self._notifications.following(call, thread)
            return Reply(f"Notification {thread}, whose thread is {following.words}:", _rows([found]))
        chosen = FILTERS.get(filter)
        query = {"since": since, "before": until} | ({chosen: "true"} if chosen else {})
        page = await self._notifications.listed(call, repository, limit, query)
        shown = [one for one in page.rows if call.caller.may_touch(REPOSITORIES, one.repository.full_name)]
        hidden = len(page.rows) - len(shown)
        more = f" {hidden} of repositories outside this caller's grant were left out." if hidden else ""
        where = f" of {repository}" if repository else ""
        which = narrowed({"filter": None if filter == "default" else filter, "since": since, "until": until})
        head = f"{page.count('notifications', hidden=hidden)}{where}{which}:{more}"
        return Reply(head, _rows(shown), page.here, page.next, FEWER)

    @tool("notifications", writes=True, idempotent=True, checks=True)
    async def dismiss_notification(
        self,
        call: Call,
        state: Literal["read", "done", "all_read"],
        thread: Annotated[Thread | None, Field(description="For read and done")] = None,
        repository: Annotated[Repository | None, Field(description="For all_read; unset: everywhere")] = None,
        last_read_at: Annotated[Moment | None, Field(description="For all_read: what is newer stays unread")] = None,
    ) -> Reply:
        """Mark a notification read, or done (out of the inbox); or all of a repository read."""
        if (state == "all_read") is not (thread is None) or (thread and (repository or last_read_at)):
            raise WrongArguments(
                "read and done take thread alone, all_read takes repository and last_read_at; nothing was sent."
            )
        if thread is None:
            if repository is None and not call.caller.may_touch(REPOSITORIES, EVERYTHING):
                raise Refused(
                    "This caller's grant does not open all repositories; nothing was sent.",
                    next_step="Name a repository of the grant.",
                )
            await self._notifications.mark_all_read(call, repository, last_read_at)
            return Reply(f"The notifications of {repository or 'all repositories'} are read, as soon as GitHub did it.")
        found = await self._own(call, thread)
        await (self._notifications.mark_read if state == "read" else self._notifications.mark_done)(call, thread)
        return Reply(f"Notification {thread} is {state}; it was:", _rows([found]))

    @tool("notifications", writes=True, idempotent=True, checks=True)
    async def manage_notification_subscription(
        self,
        call: Call,
        action: Annotated[Literal["watch", "ignore", "delete"], Field(description="delete: told of mentions alone")],
        thread: Thread | None = None,
        repository: Repository | None = None,
    ) -> Reply:
        """Watch or ignore the thread of a notification, or a whole repository."""
        if (thread is None) is (repository is None):
            raise WrongArguments("Either thread or repository is asked for; nothing was sent.")
        about = _rows([await self._own(call, thread)]) if thread else []
        await self._notifications.follow(call, thread, repository, action)
        done = {"watch": "watched", "ignore": "ignored", "delete": "not watched any more"}[action]
        return Reply(f"{repository or f'The thread of notification {thread}'} is {done}.", about)

    async def _own(self, call: Call, thread: int) -> Notification:
        """Read a notification, of a repository of the grant."""
        found = await self._notifications.read(call, thread)
        if not call.caller.may_touch(REPOSITORIES, found.repository.full_name):
            raise Refused(
                f"Notification {thread} is of a repository outside this caller's grant.",
                next_step="Use one that list_notifications shows.",
            )
        return found


def _rows(found: list[Notification]) -> list[Item]:
    return rows("notifications", [one.row() for one in found])
