"""Workers say that they live and what they can take; who is silent counts as gone, and is forgotten."""

from dataclasses import replace

import asyncpg
from agent_ledger import WorkerRow, announce, withdraw, workers

ROW = WorkerRow(name="w1", pools=["default", "gpu"], engines=["claude"], skills={"look": "v1"}, slots=4)


async def silent(pool: asyncpg.Pool, name: str, seconds: float) -> None:
    """Let a worker have said nothing for so long."""
    await pool.execute(
        "update ledger.workers set seen_at = seen_at - make_interval(secs => $2) where name = $1", name, seconds
    )


async def test_a_worker_is_known_as_it_last_said(pool: asyncpg.Pool) -> None:
    """What a worker announces again takes the place of what it said before."""
    await announce(pool, replace(ROW, slots=1, pools=["old"]))
    await announce(pool, ROW)
    await announce(pool, replace(ROW, name="w0"))
    assert await workers(pool) == [replace(ROW, name="w0"), ROW]
    await withdraw(pool, "w0")
    assert await workers(pool) == [ROW]


async def test_who_is_silent_counts_as_gone(pool: asyncpg.Pool) -> None:
    """A worker that missed its turns is not named until it speaks again; after a day the next one drops its row."""
    await announce(pool, ROW)
    await silent(pool, "w1", 60)
    assert await workers(pool) == []
    await announce(pool, ROW)
    assert await workers(pool) == [ROW]
    await silent(pool, "w1", 90_000)
    await announce(pool, replace(ROW, name="w2"))
    assert await pool.fetchval("select array_agg(name) from ledger.workers") == ["w2"]
