"""Tasks of a tenant in the ledger, without a run: submitted, claimed and ended by this program."""

from typing import Any
from uuid import UUID

import agent_ledger
import asyncpg
from agent_contracts import Task, TaskResult
from agent_ledger import ClaimedTask, Turns
from fixtures.gateway import SKILL
from service_kit.access import Door

from bench.processes import BenchError

POOL = "bench"
"""Where this program claims; the worker under measurement serves another pool."""
LEASE_SECONDS = 60.0


async def submit(executor: asyncpg.Pool, tenant: str, *, reply_origins: tuple[str, ...] = (), **fields: Any) -> UUID:
    """Submit a task of a tenant to this program's pool, and give its id."""
    door = Door(name="cli", tenant=tenant, skills=["*"], pools=["*"], reply_origins=list(reply_origins))
    task = Task(**{"skill": SKILL.name, "input": "x", "pool": POOL} | fields)
    return (await agent_ledger.submit(executor, task, door=door)).id


async def claim(executor: asyncpg.Pool, turns: Turns) -> ClaimedTask:
    """Claim a task from this program's pool.

    Raises:
        BenchError: there is none.
    """
    claimed = await agent_ledger.claim(
        executor,
        worker="bench",
        lease_seconds=LEASE_SECONDS,
        pools=[POOL],
        engines=[SKILL.engine],
        skills={SKILL.name: SKILL.version},
        turns=turns,
    )
    if claimed is None:
        raise BenchError("no task could be claimed")
    return claimed


async def finish(executor: asyncpg.Pool, claimed: ClaimedTask) -> None:
    """End a claimed task with success."""
    result = TaskResult(task_id=claimed.id, status="succeeded")
    await agent_ledger.finish(executor, claimed.id, claimed.attempt, result)
