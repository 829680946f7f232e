"""Notifications of the token's account, and what it follows."""

from collections.abc import Mapping
from typing import Any

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.paging import Page
from mcp_kit.vendor_client import Query
from mcp_kit.vendor_path import VendorPath, path_of

from github_mcp.client.github import GitHub, path_in
from github_mcp.error_messages import NO_NOTIFICATIONS
from github_mcp.models.notifications import Notification, Subscription

ABSENT = 404
INBOX = "the notifications of the token's account"


class Notifications:
    """GitHub's notifications, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def listed(self, call: Call, repository: str | None, limit: int, query: Query) -> Page[Notification]:
        """List notifications, of one repository or of all, the newest first."""
        return await self._github.page(
            call, Notification, _inbox(repository), INBOX, limit=limit, query=query, meanings=NO_NOTIFICATIONS
        )

    async def read(self, call: Call, thread: int) -> Notification:
        """Read one."""
        target, path = f"notification {thread}", path_of("/notifications/threads/{}", thread)
        return await self._github.get(call, Notification, path, target, meanings=NO_NOTIFICATIONS)

    async def following(self, call: Call, thread: int) -> Subscription:
        """Read how the account follows the conversation of a notification."""
        target, path = f"notification {thread}", path_of("/notifications/threads/{}/subscription", thread)
        try:
            return await self._github.get(call, Subscription, path, target, meanings=NO_NOTIFICATIONS)
        except ToolFailed as failure:
            if failure.status != ABSENT:
                raise
            return Subscription()

    async def mark_read(self, call: Call, thread: int) -> None:
        """Mark one as read."""
        await self._send(call, "PATCH", path_of("/notifications/threads/{}", thread), f"notification {thread}")

    async def mark_done(self, call: Call, thread: int) -> None:
        """Take one out of the inbox."""
        await self._send(call, "DELETE", path_of("/notifications/threads/{}", thread), f"notification {thread}")

    async def mark_all_read(self, call: Call, repository: str | None, until: str | None) -> None:
        """Mark all as read that were not updated since a moment, of one repository or of all."""
        body = {"last_read_at": until} if until else {}
        await self._send(call, "PUT", _inbox(repository), repository or INBOX, body)

    async def follow(self, call: Call, thread: int | None, repository: str | None, action: str) -> None:
        """Watch or ignore a conversation or a repository, or do neither any more."""
        if repository is not None:
            path, target = path_in(repository, "subscription"), repository
        else:
            path, target = path_of("/notifications/threads/{}/subscription", thread or 0), f"notification {thread}"
        if action == "delete":
            await self._send(call, "DELETE", path, target)
            return
        body = {"ignored": action == "ignore"}
        await self._send(call, "PUT", path, target, body | ({"subscribed": action == "watch"} if repository else {}))

    async def _send(
        self, call: Call, method: str, path: VendorPath, target: str, body: Mapping[str, Any] | None = None
    ) -> None:
        done = (200, 202, 204, 205, 304)
        await self._github.send(call, method, path, target, body=body, success=done, meanings=NO_NOTIFICATIONS)


def _inbox(repository: str | None) -> VendorPath:
    return path_in(repository, "notifications") if repository else path_of("/notifications")
