"""Gives a worker its next task: one statement picks it, takes its slot and starts its attempt. Owns `ledger.slots`."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg
from agent_contracts import Budget, Task
from agent_stores.pool import Connection, Executor, transaction
from service_kit.grants import Bound
from service_kit.log import get_logger

from agent_ledger.attachments import SessionRef, last_session
from agent_ledger.clock import Clock
from agent_ledger.errors import UnreadableRow
from agent_ledger.reaper import Complete, reap
from agent_ledger.row_decoding import read_request, reading
from agent_ledger.skills import adopt_tasks, touch_skills

log = get_logger(__name__)
MAX_TRIES = 50
MAX_UNREADABLE = 16
"""So many tasks that it cannot read does a claim pass over before it gives up; the next one goes on behind them."""
MOST_REMEMBERED = 10_000
PASSED_OVER_SECONDS = 600.0
"""After that long it is tried again: somebody may have mended its row."""


@dataclass(frozen=True)
class ClaimedTask:
    """A live attempt: the task, what its door allowed when it came, and what the last attempt left to resume.

    `clock` is the ledger's: what the attempt dates, signs or bounds in time goes by it.
    """

    task: Task
    attempt: int
    max_attempts: int
    vendors: dict[str, Bound]
    budget: Budget
    engine: str
    model: str
    pool: str
    skill_version: str
    door: str
    deadline: datetime | None
    session: SessionRef | None
    clock: Clock

    @property
    def id(self) -> UUID:
        """The task's id."""
        assert self.task.id is not None
        return self.task.id


async def claim(
    executor: Executor,
    *,
    worker: str,
    lease_seconds: float,
    pools: Sequence[str],
    engines: Sequence[str],
    skills: Mapping[str, str],
    complete: Complete | None = None,
    unreadable: dict[UUID, float] | None = None,
) -> ClaimedTask | None:
    """Start the next attempt of the most urgent task that this worker can run, and hold its lease.

    Sweeps first (see `agent_ledger.reaper`). A task whose concurrency key is held is passed over, as is one which
    this version cannot read.

    `skills` are those that the worker carries, name to version. `complete` adds cost and effects to the result of a
    task that the sweep ends. `unreadable` is what this worker could not read, and when, kept from claim to claim: it is
    passed over, and what is new is logged and added.
    """
    unreadable = {} if unreadable is None else unreadable
    for task_id in [one for one, since in unreadable.items() if time.monotonic() - since > PASSED_OVER_SECONDS]:
        del unreadable[task_id]
    async with transaction(executor) as connection:
        await reap(connection, complete)
        await touch_skills(connection, skills)
        for _ in range(MAX_UNREADABLE):
            begin = partial(_start, connection, worker, lease_seconds, pools, engines, skills, unreadable)
            try:
                async with connection.transaction():
                    started = await begin()
                    if started is None and await adopt_tasks(connection, skills):
                        started = await begin()
                    return await _claim(connection, started) if started is not None else None
            except UnreadableRow as error:
                assert started is not None
                _pass_over(unreadable, started["id"], str(error))
    return None


def _pass_over(unreadable: dict[UUID, float], task_id: UUID, why: str) -> None:
    """Leave a task to another worker: a newer version made it, or nobody can read it."""
    log.error("task_unreadable", task_id=str(task_id), error=why)
    unreadable[task_id] = time.monotonic()
    if len(unreadable) > MOST_REMEMBERED:
        del unreadable[next(iter(unreadable))]


async def _start(
    connection: Connection,
    worker: str,
    lease_seconds: float,
    pools: Sequence[str],
    engines: Sequence[str],
    skills: Mapping[str, str],
    unreadable: Collection[UUID],
) -> asyncpg.Record | None:
    """Lock the next candidate, insert its slot, start its attempt; the next where another took the slot first."""
    passed = [*unreadable]
    for _ in range(MAX_TRIES):
        row = await connection.fetchrow(
            """
            with picked as materialized (
                select id, tenant, concurrency_key from ledger.tasks t
                where state = 'queued' and not_before <= now() and pool = any ($3) and engine = any ($4)
                    and skill || '@' || skill_version = any ($5) and id <> all ($6::uuid[])
                    and attempt < max_attempts and cancel_requested_at is null
                    and (deadline is null or deadline > now())
                    and (concurrency_key is null or not exists (
                        select from ledger.slots s where s.tenant = t.tenant and s.key = t.concurrency_key))
                order by priority, not_before, id limit 1 for update of t skip locked
            ), slot as (
                insert into ledger.slots (tenant, key, task_id)
                select tenant, concurrency_key, id from picked where concurrency_key is not null
                on conflict (tenant, key) do nothing returning task_id
            ), started as (
                update ledger.tasks t
                set state = 'running', attempt = t.attempt + 1, worker = $1,
                    lease_until = clock_timestamp() + make_interval(secs => $2),
                    started_at = coalesce(t.started_at, clock_timestamp())
                from picked
                where t.id = picked.id and (picked.concurrency_key is null or exists (select from slot))
                returning t.*
            )
            select picked.id as candidate, started.id, started.attempt, started.max_attempts,
                started.body::text as body, started.vendors::text as vendors, started.budget::text as budget,
                started.engine, started.model, started.pool, started.skill_version, started.door, started.deadline,
                clock_timestamp() as now
            from picked left join started on started.id = picked.id
            """,
            worker,
            float(lease_seconds),
            list(pools),
            list(engines),
            [f"{name}@{version}" for name, version in skills.items()],
            passed,
        )
        if row is None or row["id"] is not None:
            return row
        passed.append(row["candidate"])
    return None


async def _claim(connection: Connection, row: asyncpg.Record) -> ClaimedTask:
    clock = Clock(row["now"])
    session = await last_session(connection, row["id"]) if row["attempt"] > 1 else None
    with reading(f"task {row['id']}"):
        task, vendors, budget = read_request(row["body"], row["vendors"], row["budget"])
    return ClaimedTask(
        task=task,
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        vendors=vendors,
        budget=budget,
        engine=row["engine"],
        model=row["model"],
        pool=row["pool"],
        skill_version=row["skill_version"],
        door=row["door"],
        deadline=row["deadline"],
        session=session,
        clock=clock,
    )
