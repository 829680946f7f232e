"""The database itself holds: exactly one final state, with exactly one result."""

import asyncpg
import pytest
from agent_ledger import finish
from core.ledger.house import done, given, taken


@pytest.mark.parametrize(
    "change",
    [
        "update ledger.tasks set state = 'queued', finished_at = null where id = $1",
        "update ledger.tasks set state = 'failed' where id = $1",
        "update ledger.tasks set attempt = attempt + 1 where id = $1",
        "update ledger.tasks set finished_at = clock_timestamp() where id = $1",
        "update ledger.results set status = 'failed' where task_id = $1",
        "update ledger.results set body = '{}' where task_id = $1",
        "insert into ledger.results (task_id, tenant, status, body) values ($1, 'default', 'succeeded', '{}')",
    ],
)
async def test_nothing_changes_after_the_end(pool: asyncpg.Pool, change: str) -> None:
    """Neither a final state nor its result can be changed, by any statement."""
    await given(pool)
    claimed = await taken(pool)
    assert await finish(pool, claimed.id, 1, done(claimed.id))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await pool.execute(change, claimed.id)


@pytest.mark.parametrize(
    "change",
    [
        "update ledger.tasks set state = 'failed', finished_at = now(), lease_until = null where id = $1",
        "update ledger.tasks set state = 'failed', lease_until = null where id = $1",
        "update ledger.tasks set state = 'queued' where id = $1",
        "update ledger.tasks set lease_until = null where id = $1",
        "update ledger.tasks set attempt = 99 where id = $1",
        "insert into ledger.results (task_id, tenant, status, body) values ($1, 'default', 'succeeded', '{}')",
    ],
)
async def test_no_half_end(pool: asyncpg.Pool, change: str) -> None:
    """A running task cannot become final without a result, or have one while it runs, or run without a lease."""
    await given(pool)
    claimed = await taken(pool)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await pool.execute(change, claimed.id)


async def test_any_end_of_an_attempt_frees_its_slot(pool: asyncpg.Pool) -> None:
    """A slot falls with the state `running`, whichever statement ends that."""
    name = await given(pool, concurrency_key="k")
    await taken(pool)
    assert await pool.fetchval("select count(*) from ledger.slots") == 1
    await pool.execute("update ledger.tasks set state = 'waiting', lease_until = null where id = $1", name)
    assert await pool.fetchval("select count(*) from ledger.slots") == 0
