"""How a worker controls its runs: the pace at which they start, and the signal that stops one."""

import asyncio
import contextlib
from enum import Enum
from typing import Any

AGAIN_SECONDS = 0.5


class Stop(Enum):
    """Why the worker stops a run."""

    CANCELLED = "cancelled"
    LOST_LEASE = "lost_lease"
    SHUTDOWN = "shutdown"


class StopSignal:
    """Tells a run to stop, once. The first reason given stays.

    Attributes:
        lost: whether the lease is lost, be it the reason or not: nothing may be written any more.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._reason: Stop | None = None
        self.lost = False

    @property
    def reason(self) -> Stop | None:
        """Why to stop; None while the run may go on."""
        return self._reason

    def set(self, reason: Stop) -> None:
        """Tell the run to stop."""
        self.lost = self.lost or reason is Stop.LOST_LEASE
        if self._reason is None:
            self._reason = reason
            self._event.set()

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until the run is to stop, at most for so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()


class Pacer:
    """Spaces starts: a CLI needs a whole core for its first second, and starts side by side only delay each other."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = float("-inf")

    def delay(self, now: float) -> float:
        """Give in how many seconds the caller may start; callers start in the order of their calls."""
        due = max(now, self._next)
        self._next = due + self._seconds
        return due - now


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended, whatever they raise.

    Once is not enough: before Python 3.12, `asyncio.wait_for` inside a library swallows a cancellation that comes just
    as what it waits for is done, and a loop around it would go on for ever.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
