"""Which repositories are public, as far as lockdown asks."""

import time
from collections import OrderedDict
from collections.abc import Callable

from agent_vendors.github import REPOSITORIES
from agent_vendors.github_operations import VISIBILITY
from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.lockdown import Touched
from mcp_kit.paging import below
from service_kit.errors import UpstreamError

from github_mcp.client.github import GitHub

KEPT_SECONDS = 300.0
MOST_KEPT = 1_000


class Visibility:
    """Asks GitHub whether repositories are private, and keeps what it says of each to each caller for five minutes."""

    def __init__(self, github: GitHub, now: Callable[[], float] = time.monotonic) -> None:
        self._github = github
        self._now = now
        self._kept: OrderedDict[tuple[str, str], tuple[float, bool]] = OrderedDict()

    async def private(self, call: Call, touched: Touched) -> frozenset[str] | None:
        """Return the repositories that a call touches if all are private; None if one may not be, or none is named."""
        names = [name for kind, name in touched if kind == REPOSITORIES]
        for name in names:
            if not await self._is_private(call, name):
                return None
        return frozenset(name.casefold() for name in names) or None

    async def _is_private(self, call: Call, repository: str) -> bool:
        key = (call.caller.id, repository.casefold())
        until, private = self._kept.get(key, (0.0, False))
        if until > self._now():
            return private
        owner, _, name = repository.partition("/")
        try:
            data = await self._github.ask(call, VISIBILITY, {"owner": owner, "name": name}, repository)
        except (ToolFailed, UpstreamError):
            return False
        private = below(data, ("repository", "isPrivate")) is True
        self._kept[key] = (self._now() + KEPT_SECONDS, private)
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return private
