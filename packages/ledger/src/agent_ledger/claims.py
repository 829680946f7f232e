"""Gives a worker its next task: one statement picks it, takes its slots and starts its attempt. Owns `ledger.slots`."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
from agent_contracts import Budget, Task
from agent_stores.pool import Connection, Executor, transaction
from service_kit.access import Tenant
from service_kit.grants import Bound
from service_kit.log import get_logger

from agent_ledger.attachments import SessionRef, last_session
from agent_ledger.claim_turns import Head, Turns, due_heads, running_quota
from agent_ledger.clock import Clock
from agent_ledger.errors import UnreadableRow
from agent_ledger.reaper import Complete, reap
from agent_ledger.row_decoding import read_request, reading
from agent_ledger.skills import adopt_tasks, touch_skills

log = get_logger(__name__)
MAX_TRIES = 50
MAX_UNREADABLE = 16
"""So many tasks that it cannot read, or that lose a slot to another, does a claim pass over before it gives up."""
MOST_REMEMBERED = 10_000
LOCK_SECONDS = 0.5
"""For so long a claim waits for a tenant that another claim has locked: for one short transaction."""
LOCK_PAUSE_SECONDS = 0.02
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


@dataclass(frozen=True)
class _Claimant:
    """Who claims, what it can run, and what it remembers from claim to claim."""

    worker: str
    lease_seconds: float
    pools: Sequence[str]
    engines: Sequence[str]
    skills: Mapping[str, str]
    tenants: Mapping[str, Tenant]
    turns: Turns
    unreadable: dict[UUID, float]
    passed: list[UUID] = field(default_factory=list)


class _HalfTaken(Exception):
    """A task got one of its two slots, as another claim was faster at the other: the transaction gives it back."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(str(task_id))
        self.task_id = task_id


async def claim(
    executor: Executor,
    *,
    worker: str,
    lease_seconds: float,
    pools: Sequence[str],
    engines: Sequence[str],
    skills: Mapping[str, str],
    complete: Complete | None = None,
    tenants: Mapping[str, Tenant] | None = None,
    turns: Turns | None = None,
    unreadable: dict[UUID, float] | None = None,
) -> ClaimedTask | None:
    """Start the next attempt of a task that this worker can run, of the tenant whose turn it is, and hold its lease.

    Sweeps first (see `agent_ledger.reaper`). A task one of whose concurrency keys is held is passed over, as is one
    which this version cannot read, and a tenant that has as many tasks running as its quota allows.

    `skills` are those that the worker carries, name to version. `complete` adds cost and effects to the result of a
    task that the sweep ends. `tenants` has their weights and quotas. `turns` and `unreadable` are kept from claim to
    claim: whom the worker served, and what it could not read and when; that is passed over, and what is new is logged
    and added.
    """
    unreadable = {} if unreadable is None else unreadable
    for task_id in [one for one, since in unreadable.items() if time.monotonic() - since > PASSED_OVER_SECONDS]:
        del unreadable[task_id]
    claimant = _Claimant(
        worker, lease_seconds, pools, engines, skills, tenants or {}, Turns() if turns is None else turns, unreadable
    )
    async with transaction(executor) as connection:
        await reap(connection, complete)
        await touch_skills(connection, skills)
        for _ in range(MAX_UNREADABLE):
            try:
                async with connection.transaction():
                    started = await _start_next(connection, claimant)
                    if started is None and await adopt_tasks(connection, skills):
                        started = await _start_next(connection, claimant)
                    return await _claim(connection, started) if started is not None else None
            except UnreadableRow as error:
                assert started is not None
                _pass_over(unreadable, started["id"], str(error))
            except _HalfTaken as taken:
                claimant.passed.append(taken.task_id)
    return None


async def _start_next(connection: Connection, claimant: _Claimant) -> asyncpg.Record | None:
    """Start a task of the first tenant in turn that has one which can run now."""
    heads = await due_heads(connection, claimant.pools, claimant.engines, claimant.skills)
    for head in claimant.turns.order(heads, claimant.tenants):
        quota = running_quota(claimant.tenants, head.tenant)
        if quota is not None and not await _lock_tenant(connection, head.tenant):
            continue
        started = await _start(connection, claimant, head, quota)
        if started is not None:
            claimant.turns.took(head.tenant, claimant.tenants)
            return started
    return None


async def _lock_tenant(connection: Connection, tenant: str) -> bool:
    """Lock a tenant that has a running quota, so that two claims do not both count the last free place.

    The lock is tried again and again, not waited for in PostgreSQL, where two claims of several tenants could deadlock.
    """
    until = time.monotonic() + LOCK_SECONDS
    while not await connection.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended('ledger.running ' || $1, 0))", tenant
    ):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(LOCK_PAUSE_SECONDS)
    return True


def _pass_over(unreadable: dict[UUID, float], task_id: UUID, why: str) -> None:
    """Leave a task to another worker: a newer version made it, or nobody can read it."""
    log.error("task_unreadable", task_id=str(task_id), error=why)
    unreadable[task_id] = time.monotonic()
    if len(unreadable) > MOST_REMEMBERED:
        del unreadable[next(iter(unreadable))]


async def _start(connection: Connection, claimant: _Claimant, head: Head, quota: int | None) -> asyncpg.Record | None:
    """Lock the next task behind a head, insert its slots, start its attempt; the next where a slot is taken.

    Slots are inserted in the order of their keys, and given back before another task is tried: so no two claims wait
    for each other.
    """
    passed = [*claimant.unreadable, *claimant.passed]
    for _ in range(MAX_TRIES):
        row = await connection.fetchrow(
            """
            with picked as materialized (
                select id, tenant, array(
                    select distinct key from unnest(array[concurrency_key, skill_key]) key
                    where key is not null order by key) as keys
                from ledger.tasks t
                where state = 'queued' and not_before <= now() and pool = $3 and engine = $4 and skill = $5
                    and skill_version = $6 and tenant = $7 and priority = $8 and id <> all ($9::uuid[])
                    and attempt < max_attempts and cancel_requested_at is null
                    and (deadline is null or deadline > now())
                    and not exists (select from ledger.slots s
                        where s.tenant = t.tenant and s.key in (t.concurrency_key, t.skill_key))
                    and ($10::integer is null or $10 > (
                        select count(*) from ledger.tasks r where r.tenant = $7 and r.state = 'running'))
                order by not_before, id limit 1 for update of t skip locked
            ), slot as (
                insert into ledger.slots (tenant, key, task_id)
                select tenant, unnest(keys), id from picked
                on conflict (tenant, key) do nothing returning task_id
            ), started as (
                update ledger.tasks t
                set state = 'running', attempt = t.attempt + 1, worker = $1,
                    lease_until = clock_timestamp() + make_interval(secs => $2),
                    started_at = coalesce(t.started_at, clock_timestamp())
                from picked
                where t.id = picked.id and (select count(*) from slot) = cardinality(picked.keys)
                returning t.*
            )
            select picked.id as candidate, started.id, started.attempt, started.max_attempts,
                started.body::text as body, started.vendors::text as vendors, started.budget::text as budget,
                started.engine, started.model, started.pool, started.skill_version, started.door, started.deadline,
                clock_timestamp() as now, (select count(*) from slot) as slots
            from picked left join started on started.id = picked.id
            """,
            claimant.worker,
            float(claimant.lease_seconds),
            head.pool,
            head.engine,
            head.skill,
            head.skill_version,
            head.tenant,
            head.priority,
            passed,
            quota,
        )
        if row is None or row["id"] is not None:
            return row
        if row["slots"]:
            raise _HalfTaken(row["candidate"])
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
