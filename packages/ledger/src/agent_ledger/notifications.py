"""Wake-ups of those who follow a task: PostgreSQL tells of new events on channel `ledger_events`."""

import asyncio
import contextlib
from collections.abc import Iterator
from uuid import UUID

import asyncpg
from agent_stores.outage import AGAIN_SECONDS
from agent_stores.pool import DATABASE_ERRORS


class Notifications:
    """Hears of new events, and wakes those who wait for a task's."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def listen(self, pool: asyncpg.Pool) -> None:
        """Listen on one connection of the pool until cancelled; a lost connection is made again."""
        while True:
            with contextlib.suppress(*DATABASE_ERRORS):
                await self.listen_until_lost(pool)
            await asyncio.sleep(AGAIN_SECONDS)

    async def listen_until_lost(self, pool: asyncpg.Pool) -> None:
        """Listen on one connection of the pool, for a caller that starts it again and counts failures.

        Raises:
            ConnectionError: the connection was lost.
        """
        lost = asyncio.Event()
        async with pool.acquire() as connection:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener("ledger_events", self._heard)
            try:
                await lost.wait()
                raise ConnectionError("the connection that listens for new events was lost")
            finally:
                with contextlib.suppress(*DATABASE_ERRORS):  # a connection that was lost is the pool's no more
                    await connection.remove_listener("ledger_events", self._heard)

    @contextlib.contextmanager
    def waiting(self, task_id: UUID) -> Iterator[asyncio.Event]:
        """Return an event that is set when the task has news."""
        event = asyncio.Event()
        group = self._waiting.setdefault(str(task_id), set())
        group.add(event)
        try:
            yield event
        finally:
            group.discard(event)
            if not group:
                self._waiting.pop(str(task_id), None)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for event in self._waiting.get(str(payload), ()):
            event.set()
