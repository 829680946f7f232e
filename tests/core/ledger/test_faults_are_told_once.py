"""What a worker cannot read is told once and passed over, at a bounded cost to each claim."""

from uuid import UUID

import asyncpg
import pytest
from agent_ledger import claims, drain
from core.ledger.house import ACCESS, DOOR, given, take, taken
from redis.asyncio import Redis
from service_kit.access import Access
from structlog.testing import capture_logs


async def test_a_claim_tries_so_many_tasks_that_it_cannot_read(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim passes a few over and gives up; the next goes on behind them, and none is logged twice."""
    monkeypatch.setattr(claims, "MAX_UNREADABLE", 2)
    newer = [await given(pool, priority="high") for _ in range(3)]
    plain = await given(pool)
    await pool.execute("update ledger.tasks set body = '{}' where id = any ($1)", newer)
    passed: dict[UUID, float] = {}
    with capture_logs() as logs:
        assert (await take(pool, unreadable=passed), len(passed)) == (None, 2)
        assert (await taken(pool, unreadable=passed)).id == plain
        assert await take(pool, unreadable=passed) is None
    assert [line["task_id"] for line in logs] == [str(name) for name in newer]


async def test_only_so_many_tasks_are_remembered(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest that a worker passed over is forgotten first."""
    monkeypatch.setattr(claims, "MOST_REMEMBERED", 2)
    newer = [await given(pool) for _ in range(3)]
    await pool.execute("update ledger.tasks set body = '{}'")
    passed: dict[UUID, float] = {}
    for name in newer:
        await pool.execute("update ledger.tasks set not_before = now() + interval '1 hour' where id <> $1", name)
        await pool.execute("update ledger.tasks set not_before = now() where id = $1", name)
        assert await take(pool, unreadable=passed) is None
    assert list(passed) == newer[1:]


async def test_a_task_that_was_mended_is_taken_after_a_while(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker passed over is tried again, so that a mended row does not wait for the worker's end."""
    bent = await given(pool)
    body = await pool.fetchval("select body from ledger.tasks")
    await pool.execute("update ledger.tasks set body = '{}'")
    passed: dict[UUID, float] = {}
    assert await take(pool, unreadable=passed) is None
    await pool.execute("update ledger.tasks set body = $1", body)
    assert await take(pool, unreadable=passed) is None
    monkeypatch.setattr(claims, "PASSED_OVER_SECONDS", 0)
    assert (await taken(pool, unreadable=passed)).id == bent


async def test_a_stream_that_is_none_is_told_when_it_changes(pool: asyncpg.Pool, redis: Redis) -> None:
    """What Redis does not give of a door is logged once, and once more when it gives it again."""
    faults: dict[str, str] = {}
    access = Access(streams={"broken": DOOR} | ACCESS.streams)

    async def drained() -> None:
        await drain(redis, pool, access, consumer="c1", block_ms=1, faults=faults)

    with capture_logs() as logs:
        for value in ("no stream", None, "none again"):
            await (redis.delete("broken") if value is None else redis.set("broken", value, ex=60))
            for _ in range(2):
                await drained()
    assert [(line["event"], line["stream"]) for line in logs] == [
        ("stream_unreadable", "broken"),
        ("stream_given_again", "broken"),
        ("stream_unreadable", "broken"),
    ]
