"""Says what a queued task waits for, and after Ctrl-C that the task goes on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import agent_ledger
import asyncpg
from agent_contracts import TaskState
from agent_ledger import TaskView, WorkerRow

from agent_engine.cli.console import tell

PATIENCE_SECONDS = 5.0
AT_WORK = 1000
"""The most running tasks that are read."""
NAMED = 10
"""The most workers that are named."""


@asynccontextmanager
async def watching(pool: asyncpg.Pool, task_id: UUID) -> AsyncIterator[None]:
    """Tell whoever watches a task, on standard error, what it waits for and after Ctrl-C that it goes on.

    What it waits for is told once, if nothing has begun after some seconds of the block.
    """
    hint = asyncio.create_task(_hint(pool, task_id))
    try:
        yield
    except asyncio.CancelledError:
        follow, end = f"`agent-engine tail {task_id}` follows it", f"`agent-engine cancel {task_id}` ends it"
        tell("interrupted", f"task {task_id} goes on: {follow}, {end}")
        raise
    finally:
        hint.cancel()
        await asyncio.gather(hint, return_exceptions=True)


async def _hint(pool: asyncpg.Pool, task_id: UUID) -> None:
    await asyncio.sleep(PATIENCE_SECONDS)
    view = await agent_ledger.get_task(pool, task_id)
    told = None if view is None else await waits_for(pool, view)
    if told is not None:
        tell("waiting", told)


async def waits_for(pool: asyncpg.Pool, view: TaskView) -> str | None:
    """Say what a task waits for, by who is at work now; None for one that is not queued."""
    if view.state is not TaskState.queued:
        return None
    running = await agent_ledger.list_tasks(pool, states=[TaskState.running], limit=AT_WORK)
    clock = await agent_ledger.read_clock(pool)
    return what_it_waits_for(view, running, await agent_ledger.workers(pool), clock.now())


def what_it_waits_for(view: TaskView, running: Sequence[TaskView], workers: Sequence[WorkerRow], now: datetime) -> str:
    """Say what a queued task waits for, by the running tasks, the living workers and the ledger's time."""
    if view.not_before > now:
        return f"the task is not due before {view.not_before.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    for one in running:
        if same := _same_keys(one, view):
            return f"task {one.id} is running and has the same concurrency key: {', '.join(same)}"
    wanted = (
        f"carries skill {view.skill} {view.skill_version[:12]}, has engine {view.engine} and serves pool {view.pool}"
    )
    need = f"no worker has taken the task yet: it needs one with a free slot that {wanted}"
    if not workers:
        return f"{need}; no worker is alive: start one with `agent-engine worker`"
    busy = Counter(one.worker for one in running)
    told = [f"{one.name} {_why_not(one, view, busy[one.name])}" for one in workers[:NAMED]]
    more = f"; and {len(workers) - NAMED} more" if len(workers) > NAMED else ""
    see = f"SKILLS_PATH, WORKER_POOLS, `quotas.running` of tenant {view.tenant} and the log of the worker"
    return f"{need}; alive: {'; '.join(told)}{more}. See {see}"


def _why_not(worker: WorkerRow, view: TaskView, busy: int) -> str:
    version = worker.skills.get(view.skill)
    lacks = []
    if version is None:
        lacks.append("does not carry the skill, or waits for its MCP servers")
    elif version != view.skill_version:
        lacks.append(f"carries the skill as {version[:12]}")
    if view.engine not in worker.engines:
        lacks.append(f"has engine {', '.join(worker.engines)}")
    if view.pool not in worker.pools:
        lacks.append(f"serves pool {', '.join(worker.pools)}")
    if lacks:
        return " and ".join(lacks)
    return f"fits, with {busy} of {worker.slots} slots taken"


def _same_keys(one: TaskView, other: TaskView) -> list[str]:
    return sorted(one.keys & other.keys) if one.tenant == other.tenant else []
