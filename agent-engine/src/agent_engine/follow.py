"""Follows one task from its first event to its end, by the ledger; told of news by channel `ledger_events`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import agent_ledger
import asyncpg
from agent_contracts import TaskEvent

LOOK_SECONDS = 1.0
PAGE = 500


async def follow(pool: asyncpg.Pool, task_id: UUID, *, after: tuple[int, int] = (0, 0)) -> AsyncIterator[TaskEvent]:
    """Give a task's events as they come, and end with the task.

    Args:
        pool: the ledger; one connection is held for listening.
        task_id: the task.
        after: attempt and number of the last event that is known already.
    """
    news = asyncio.Event()

    def told(_: Any, __: int, ___: str, payload: Any) -> None:
        if payload == str(task_id):
            news.set()

    async with pool.acquire() as connection:
        await connection.add_listener("ledger_events", told)
        try:
            while True:
                news.clear()
                view = await agent_ledger.get_task(pool, task_id)
                while page := await agent_ledger.events(pool, task_id, after=after, limit=PAGE):
                    for event in page:
                        yield event
                    after = (page[-1].attempt, page[-1].seq)
                if view is None or view.state.final:
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await news.wait()
        finally:
            await connection.remove_listener("ledger_events", told)
