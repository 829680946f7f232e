"""Says what a task waits for while no worker takes it, and that it goes on when nobody watches any more."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import agent_ledger
import asyncpg
from agent_contracts import TaskState
from agent_ledger import TaskView

from agent_engine.cli.screen import tell

PATIENCE_SECONDS = 5.0
AT_WORK = 100
"""How many running tasks are looked at."""


@asynccontextmanager
async def watching(pool: asyncpg.Pool, task_id: UUID) -> AsyncIterator[None]:
    """Tell whoever watches a task, on standard error, what it waits for and after Ctrl-C that it goes on."""
    try:
        async with hint_when_waiting(pool, task_id):
            yield
    except asyncio.CancelledError:
        follow, end = f"`agent-engine tail {task_id}` follows it", f"`agent-engine cancel {task_id}` ends it"
        tell("interrupted", f"task {task_id} goes on: {follow}, {end}")
        raise


@asynccontextmanager
async def hint_when_waiting(pool: asyncpg.Pool, task_id: UUID) -> AsyncIterator[None]:
    """Say once on standard error what a task waits for, if nothing has begun after some seconds of the block."""
    hint = asyncio.create_task(_hint(pool, task_id))
    try:
        yield
    finally:
        hint.cancel()
        await asyncio.gather(hint, return_exceptions=True)


async def _hint(pool: asyncpg.Pool, task_id: UUID) -> None:
    await asyncio.sleep(PATIENCE_SECONDS)
    view = await agent_ledger.get_task(pool, task_id)
    if view is None or view.state is not TaskState.queued:
        return
    running = await agent_ledger.list_tasks(pool, states=[TaskState.running], limit=AT_WORK)
    clock = await agent_ledger.read_clock(pool)
    tell("waiting", what_it_waits_for(view, running, clock.now()))


def what_it_waits_for(view: TaskView, running: Sequence[TaskView], now: datetime) -> str:
    """Say what a queued task waits for.

    Args:
        view: the task.
        running: what is running now.
        now: the time, by the ledger's clock.
    """
    if view.not_before > now:
        return f"the task is not due before {view.not_before.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    holder = next((one for one in running if _same_key(one, view)), None)
    if holder is not None:
        return f"task {holder.id} is running and has the same concurrency key: {view.concurrency_key}"
    wanted = (
        f"carries skill {view.skill} {view.skill_version[:12]}, has engine {view.engine} and serves pool {view.pool}"
    )
    places = sorted({f"{one.worker} (pool {one.pool}, engine {one.engine}, skill {one.skill})" for one in running})
    known = f"at work now: {', '.join(places)}" if places else "no worker is at work on anything"
    return (
        f"no worker has taken the task yet: it needs one with a free slot that {wanted}; {known}. "
        "See SKILLS_PATH, WORKER_POOLS and the log of the worker"
    )


def _same_key(one: TaskView, other: TaskView) -> bool:
    key = other.concurrency_key
    return key is not None and (one.tenant, one.concurrency_key) == (other.tenant, key)
