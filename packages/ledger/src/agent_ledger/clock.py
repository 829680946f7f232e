"""PostgreSQL's clock, as a worker carries it on: hosts' clocks are apart, and the ledger's alone counts."""

import time
from datetime import datetime, timedelta

from agent_stores.pool import Executor


class Clock:
    """The ledger's clock, read once and carried on by what passes here; this host's wall clock is never looked at.

    It is behind the ledger's by the way that the reading took, never ahead of it.
    """

    def __init__(self, read: datetime) -> None:
        self._read = read
        self._since = time.monotonic()

    def now(self) -> datetime:
        """Return the time."""
        return self._read + timedelta(seconds=time.monotonic() - self._since)


async def read_clock(executor: Executor) -> Clock:
    """Read the ledger's clock."""
    return Clock(await executor.fetchval("select clock_timestamp()"))
