"""Background loops of a process: a loop that fails is counted, shown by `/ready`, and started again.

Metrics: `background_failures{loop}`, and `background_up{loop}`, which is 0 from a failure until all loops that are
counted by this name work again.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from service_kit.log import get_logger

Work = Callable[[], Awaitable[None]]
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0


@dataclass
class Loop:
    """One background loop, by its name in logs and `/ready`.

    Attributes:
        counted_as: its name in metrics, which anyone may read, where its own is an operator's; several may share it.
        work: one round, or a coroutine that never returns.
        every: seconds between two rounds; None for work that never returns, whose return then is a failure.
        longest: the longest wait in seconds before failed work is started again.
        expected: errors that are logged without a traceback, such as those of a database that is away.
    """

    name: str
    work: Work
    every: float | None = None
    longest: float = LONGEST_WAIT_SECONDS
    expected: tuple[type[Exception], ...] = ()
    counted_as: str = ""
    failures: int = 0
    started_at: float = 0.0

    def fault(self) -> str | None:
        """Say for anyone that the loop fails; the log has the reason.

        None once a round succeeds, or endless work has run for `longest` seconds.
        """
        ran = time.monotonic() - self.started_at if self.started_at else 0.0
        if self.failures and self.every is None and ran >= self.longest:
            self.failures = 0
        return (
            f"failed {self.failures} times in a row: `background_failed` in the log says why" if self.failures else None
        )

    @property
    def label(self) -> str:
        """The loop's name in metrics."""
        return self.counted_as or self.name

    def wait(self) -> float:
        """Return the seconds before the next start, which double with each failure in a row."""
        if not self.failures:
            return self.every or 0.0
        longest: float = min(self.longest, FIRST_WAIT_SECONDS * 2.0 ** min(self.failures - 1, 30))
        return max(longest, self.every or 0.0)


class BackgroundLoops:
    """The background loops of a process, with their metrics."""

    def __init__(self, loops: list[Loop], registry: CollectorRegistry) -> None:
        self._loops = loops
        self._failures = Counter("background_failures", "Failures of background loops", ["loop"], registry=registry)
        up = Gauge("background_up", "Whether a background loop is well", ["loop"], registry=registry)
        for label in {loop.label for loop in loops}:
            self._failures.labels(label)
            up.labels(label).set_function(partial(self._well, label))

    def faults(self) -> dict[str, Callable[[], str | None]]:
        """Return what `/ready` shows as warnings: for each loop a function that says that it fails."""
        return {loop.name: loop.fault for loop in self._loops}

    def _well(self, label: str) -> float:
        return float(all(loop.fault() is None for loop in self._loops if loop.label == label))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the loops for as long as the block takes, then cancel them and wait for their end."""
        tasks = [asyncio.create_task(self._supervise(loop), name=loop.name) for loop in self._loops]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _supervise(self, loop: Loop) -> None:
        while True:
            await self._once(loop)
            await asyncio.sleep(loop.wait())

    async def _once(self, loop: Loop) -> None:
        loop.started_at = time.monotonic()
        try:
            await loop.work()
            if loop.every is None:
                raise RuntimeError("it returned, but should never return")
        except Exception as error:
            loop.fault()  # forgets earlier failures after a long time without one
            loop.failures += 1
            self._failures.labels(loop.label).inc()
            told, unexpected = str(error) or type(error).__name__, not isinstance(error, loop.expected)
            get_logger(__name__).error("background_failed", loop=loop.name, error=told, exc_info=unexpected)
        else:
            loop.failures = 0
        finally:
            loop.started_at = 0.0
