"""Follows one task from its first event to its end, from the ledger, which may be unreachable for a while."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import agent_ledger
import asyncpg
from agent_contracts import TaskEvent
from agent_stores.outage import AGAIN_SECONDS, Absence
from agent_stores.pool import DATABASE_ERRORS

from agent_engine.errors import LedgerAway

LOOK_SECONDS = 1.0
PAGE = 500
Answer = TypeVar("Answer")


class Patience:
    """Asks the ledger again for a bounded time while it is away; `tell` hears once of its absence and of its return."""

    def __init__(self, task_id: UUID, tell: Callable[[str], None]) -> None:
        self._task_id = task_id
        self._tell = tell
        self._absence = Absence()

    async def ask(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """Give the ledger's answer. Raises LedgerAway where there was none for too long."""
        while True:
            try:
                answer = await question()
            except DATABASE_ERRORS as error:
                why = str(error) or type(error).__name__
                if self._absence.begins():
                    self._tell(f"does not answer, and is asked again for up to {self._absence.seconds:.0f} s: {why}")
                if self._absence.too_long:
                    raise LedgerAway(
                        f"the ledger has not answered for {self._absence.seconds:.0f} s: {why}. "
                        f"`agent-engine tail {self._task_id}` follows the task when it is back"
                    ) from error
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                if self._absence.ends():
                    self._tell("answers again")
                return answer


async def follow(pool: asyncpg.Pool, task_id: UUID, patience: Patience) -> AsyncIterator[TaskEvent]:
    """Give a task's events as they come, to its end; one connection of the pool listens. Raises LedgerAway."""
    after = (0, 0)

    async def look() -> tuple[bool, list[TaskEvent]]:
        view = await agent_ledger.get_task(pool, task_id)
        page = await agent_ledger.events(pool, task_id, after=after, limit=PAGE)
        return (view is None or view.state.final) and len(page) < PAGE, page

    wakes = agent_ledger.Notifications()
    listening = asyncio.create_task(wakes.listen(pool))
    try:
        with wakes.waiting(task_id) as news:
            while True:
                news.clear()
                ended, page = await patience.ask(look)
                for event in page:
                    yield event
                if ended:
                    return
                if page:
                    after = (page[-1].attempt, page[-1].seq)
                if len(page) == PAGE:
                    continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await news.wait()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
