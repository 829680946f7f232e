"""What the ledger's tests share: a door, a skill, and a worker that claims."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
from agent_contracts import Budget, Mode, Task, TaskResult
from agent_ledger import ClaimedTask, SkillRow, claim, register_skills, submit
from agent_stores.pool import Executor
from redis.asyncio import Redis
from service_kit.access import Access, Door
from service_kit.grants import Bound

STREAM = "agent:tasks"
SKILL = SkillRow(name="triage", version="v1", engine="claude", model="claude-sonnet-5-5")
SCHEMA = {
    "type": "object",
    "properties": {"issue": {"type": "integer", "minimum": 1}},
    "required": ["issue"],
    "additionalProperties": False,
}
STRICT = replace(SKILL, name="strict", input_schema=SCHEMA)
DOOR = Door(
    name=f"stream:{STREAM}",
    skills=["*"],
    vendors={"github": Bound(resources={"repositories": ["octocat/*"]}, mode=Mode.write)},
    budget=Budget(usd="1.50"),
    pools=["*"],
)
ACCESS = Access(streams={STREAM: DOOR})


def task(**fields: Any) -> Task:
    """Make a task of the shared skill."""
    return Task(**{"skill": "triage", "input": "look", **fields})


async def given(ledger: asyncpg.Pool, door: Door = DOOR, **fields: Any) -> UUID:
    """Register the skill and submit a task."""
    await register_skills(ledger, [SKILL])
    return (await submit(ledger, task(**fields), door=door)).id


async def take(pool: Executor, worker: str = "w1", lease_seconds: float = 30, **only: Any) -> ClaimedTask | None:
    """Claim as a worker that has everything."""
    wanted: dict[str, Any] = {"pools": ["default"], "engines": ["claude"], "skills": {"triage": "v1"}, **only}
    return await claim(pool, worker=worker, lease_seconds=lease_seconds, **wanted)


async def taken(pool: Executor, worker: str = "w1", lease_seconds: float = 30, **only: Any) -> ClaimedTask:
    """Claim, and expect to get something."""
    got = await take(pool, worker, lease_seconds, **only)
    assert got is not None
    return got


async def expire(pool: asyncpg.Pool, task_id: UUID) -> None:
    """Let a lease be over, as if its time had passed."""
    await pool.execute("update ledger.tasks set lease_until = clock_timestamp() where id = $1", task_id)


def done(task_id: UUID, **fields: Any) -> TaskResult:
    """Make a successful result."""
    return TaskResult(**{"task_id": task_id, "status": "succeeded", **fields})


async def said(redis: Redis, stream: str) -> list[dict[bytes, bytes]]:
    """Read the fields of a stream's entries."""
    entries: Any = await redis.xrange(stream)
    return [fields for _, fields in entries]
