"""Writes the events of one attempt: masked and numbered, in batches to the ledger, and live to Redis."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import agent_ledger
import asyncpg
from agent_contracts import TaskEvent
from agent_contracts.event import Body, body_adapter
from agent_ledger import ClaimedTask
from agent_stores.pool import DATABASE_ERRORS
from service_kit.log import get_logger
from service_kit.redact import Masker

from agent_engine.event_publisher import EventPublisher
from agent_engine.run_control import end_tasks
from agent_engine.transcript import masked_value

BATCH_SECONDS = 0.2
"""An event is in the ledger within 250 ms."""
AGAIN_SECONDS = 1.0

log = get_logger(__name__)


class EventWriter:
    """Writes the events of one attempt.

    Args:
        masker: takes the run's tokens out of every text.
        lost: called once the ledger says that the attempt is not live any more; nothing is written after that.
    """

    def __init__(
        self,
        claim: ClaimedTask,
        *,
        pool: asyncpg.Pool,
        live: EventPublisher,
        masker: Masker,
        lost: Callable[[], None],
    ) -> None:
        self._claim = claim
        self._pool = pool
        self._live = live
        self._masker = masker
        self._lost = lost
        self._waiting: list[TaskEvent] = []
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()
        self._closed = False
        self.seq = 0

    def add(self, body: Body) -> None:
        """Number an event and write it soon."""
        self._waiting.append(self._numbered(body))
        self._some.set()

    async def announce(self, body: Body) -> None:
        """Publish an event live and do not write it: the ledger itself writes the event of this number."""
        await self._live.publish(self._claim.task.tenant, [self._numbered(body)])

    def _numbered(self, body: Body) -> TaskEvent:
        self.seq += 1
        return TaskEvent(
            task_id=self._claim.id,
            attempt=self._claim.attempt,
            seq=self.seq,
            at=self._claim.clock.now(),
            body=masked(body, self._masker),
        )

    async def keep(self) -> None:
        """Write events as they come, until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(BATCH_SECONDS)
            try:
                await self.flush()
            except DATABASE_ERRORS as error:
                log.warning("events_not_written", error=str(error) or type(error).__name__, waiting=len(self._waiting))
                await asyncio.sleep(AGAIN_SECONDS)

    async def flush(self) -> bool:
        """Write what waits; give False once the attempt is not live any more.

        Raises:
            asyncpg.PostgresError, OSError: the ledger cannot be reached; the events still wait.
        """
        async with self._writing:
            if self._closed:
                return False
            self._some.clear()
            batch = list(self._waiting)
            if not batch:
                return True
            try:
                live = await agent_ledger.append_events(
                    self._pool,
                    self._claim.id,
                    self._claim.attempt,
                    [(event.seq, event.at, event.body) for event in batch],
                )
            except BaseException:
                self._some.set()
                raise
            del self._waiting[: len(batch)]
            if not live:
                self._closed = True
                self._lost()
                return False
            await self._live.publish(self._claim.task.tenant, batch)
            return True

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator["EventWriter"]:
        """Write events in the background while the block runs."""
        keeper = asyncio.create_task(self.keep())
        try:
            yield self
        finally:
            await end_tasks(keeper)


def masked(body: Body, masker: Masker) -> Body:
    """Give an event without the run's tokens and known shapes of secrets."""
    return body_adapter.validate_python(masked_value(body.model_dump(), masker))
