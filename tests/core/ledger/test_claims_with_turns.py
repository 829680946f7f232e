"""Claims without turns: no tenant's flood makes another wait, and what nobody here runs costs a claim nothing."""

import asyncio
from collections import Counter
from uuid import UUID

import asyncpg
import pytest
from agent_ledger import Turns, finish
from agent_ledger.claim_turns import AGED_SECONDS
from core.ledger.house import DOOR, done, given, take, taken
from service_kit.access import Door, Quotas, Tenant

FOREIGN = {
    "another pool": ("pool", "'nobody-serves-it'"),
    "another engine": ("engine", "'codex'"),
    "another skill": ("skill", "'unheard-of'"),
    "another version": ("skill_version", "'v0'"),
    "not due": ("not_before", "now() + interval '1 day'"),
}
"""Tasks that the worker cannot run: what is different, and its value."""


def of(tenant: str) -> Door:
    """Return the door as a tenant has it."""
    return DOOR.model_copy(update={"tenant": tenant})


async def ended(pool: asyncpg.Pool, turns: Turns, count: int, **tenants: Tenant) -> list[str]:
    """Claim and finish so many tasks one after the other; return their tenants."""
    served = []
    for _ in range(count):
        claimed = await taken(pool, turns=turns, tenants=tenants)
        served.append(claimed.task.tenant)
        await finish(pool, claimed.id, claimed.attempt, done(claimed.id))
    return served


@pytest.mark.parametrize("priority", ["high", "normal"])
async def test_a_flood_of_high_priority_makes_nobody_else_wait(pool: asyncpg.Pool, priority: str) -> None:
    """After sixty tasks of high priority of one tenant, another's is the second that is claimed, whatever its own."""
    for _ in range(60):
        await given(pool, of("flood"), priority="high")
    quiet = await given(pool, of("quiet"), priority=priority)
    assert quiet in [(await taken(pool)).id for _ in range(2)]


async def test_a_worker_with_one_slot_takes_turns_by_weight(pool: asyncpg.Pool) -> None:
    """Of two tenants with many tasks, one of weight 3 gets three of four turns; its first wait is no credit."""
    for tenant in ["heavy"] * 16 + ["light"] * 8:
        await given(pool, of(tenant))
    turns = Turns()
    assert Counter(await ended(pool, turns, 12, heavy=Tenant(weight=3))) == {"heavy": 9, "light": 3}
    for _ in range(4):
        await given(pool, of("late"))
    assert Counter(await ended(pool, turns, 4)) == {"late": 2, "heavy": 1, "light": 1}


async def test_who_runs_the_most_waits_longest(pool: asyncpg.Pool) -> None:
    """A tenant whose tasks run long holds no more slots than another that has tasks waiting, by their weights."""
    for tenant in ["long"] * 9 + ["short"] * 9:
        await given(pool, of(tenant))
    share = {"long": Tenant(weight=2)}
    running = Counter([(await taken(pool, tenants=share)).task.tenant for _ in range(9)])
    assert running == {"long": 6, "short": 3}


async def test_low_priority_does_not_starve(pool: asyncpg.Pool) -> None:
    """A task that has waited for long counts as one priority higher, and goes before younger ones of that."""
    low, normal = await given(pool, priority="low"), await given(pool)
    older = "update ledger.tasks set not_before = now() - make_interval(secs => $2) where id = $1"
    await pool.execute(older, low, AGED_SECONDS + 1)
    assert [(await taken(pool)).id for _ in range(2)] == [low, normal]


async def test_a_running_quota_holds_for_claims_at_once(pool: asyncpg.Pool) -> None:
    """A tenant never has more tasks running than its quota, however many workers claim; others go on."""
    for tenant in ["bounded"] * 8 + ["free"] * 4:
        await given(pool, of(tenant))
    quota = {"bounded": Tenant(quotas=Quotas(running=2))}
    claims = await asyncio.gather(*(take(pool, f"w{n}", tenants=quota) for n in range(8)))
    served = [claimed for claimed in claims if claimed is not None]
    while (claimed := await take(pool, tenants=quota)) is not None:
        served.append(claimed)
    assert Counter(one.task.tenant for one in served) == {"bounded": 2, "free": 4}
    first = next(one for one in served if one.task.tenant == "bounded")
    await finish(pool, first.id, first.attempt, done(first.id))
    assert (await taken(pool, tenants=quota)).task.tenant == "bounded"


async def test_claims_at_once_all_find_the_places_of_a_quota(pool: asyncpg.Pool) -> None:
    """A claim that finds its tenant locked by another claim waits for it, and takes the next free place."""
    for _ in range(2):
        await given(pool, of("bounded"))
    quota = {"bounded": Tenant(quotas=Quotas(running=2))}
    async with pool.acquire() as connection:
        async with connection.transaction():
            first = await take(connection, "w1", tenants=quota)
            waiting = asyncio.create_task(take(pool, "w2", tenants=quota))
            await asyncio.sleep(0.2)
        second = await waiting
    assert first is not None
    assert second is not None


async def _rows_read(pool: asyncpg.Pool) -> int:
    """Claim once, and count the rows of tasks that the claim read; it is then taken back."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        counted = (
            "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relid = 'ledger.tasks'::regclass"
        )
        before: int = await connection.fetchval(counted)
        assert await take(connection) is not None
        read: int = await connection.fetchval(counted) - before
        await transaction.rollback()
        return read


async def _fill(pool: asyncpg.Pool, like: UUID, column: str, value: str, count: int) -> None:
    """Insert copies of a task, of another tenant and older, that differ in one column."""
    kept = "digest, body, door, vendors, budget, model, max_attempts"
    others = {"pool": "pool", "engine": "engine", "skill": "skill", "skill_version": "skill_version"}
    fields = {**others, "not_before": "not_before - interval '1 hour'", column: value}
    await pool.execute(
        f"""
        insert into ledger.tasks (id, tenant, priority, {kept}, {", ".join(fields)})
        select gen_random_uuid(), 'aaa', 0, {kept}, {", ".join(fields.values())}
        from ledger.tasks, generate_series(1, $2) where id = $1
        """,
        like,
        count,
    )
    await pool.execute("analyze ledger.tasks")


@pytest.mark.slow
@pytest.mark.parametrize("kind", FOREIGN)
async def test_a_claim_reads_no_more_for_tasks_of_others(pool: asyncpg.Pool, kind: str) -> None:
    """A claim reads as many rows with 20,000 tasks that this worker cannot run as with 1,000."""
    like = await given(pool)
    await _fill(pool, like, *FOREIGN[kind], 1_000)
    few = await _rows_read(pool)
    await _fill(pool, like, *FOREIGN[kind], 19_000)
    assert await _rows_read(pool) == few < 50


async def test_a_claim_reads_few_tasks_behind_a_held_key(pool: asyncpg.Pool) -> None:
    """As many tasks wait for one key as the quota lets, so a claim passes over no more than those."""
    await given(pool, concurrency_key="k")
    await taken(pool)
    for _ in range(DOOR.quotas.queued_per_key):
        await given(pool, concurrency_key="k")
    await given(pool)
    assert await _rows_read(pool) < 3 * DOOR.quotas.queued_per_key
