"""Deliveries take turns: results of one tenant, or to one host, hold up no others."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from agent_ledger import Replies, Sender, finish, outbox
from core.ledger.house import DOOR, done, given, taken
from core.ledger.receiver import Receiver, receiving
from redis.asyncio import Redis

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"


@pytest.fixture
async def silent() -> AsyncIterator[Receiver]:
    """A receiver that never comes to the end of an answer."""
    async with receiving() as running:
        running.trickles = True
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that answers."""
    async with receiving() as running:
        yield running


async def ended(pool: asyncpg.Pool, tenant: str) -> UUID:
    """Bring a task of a tenant to its end, with no reply asked for."""
    await given(pool, DOOR.model_copy(update={"tenant": tenant}))
    claimed = await taken(pool)
    assert await finish(pool, claimed.id, claimed.attempt, done(claimed.id))
    return claimed.id


async def reply(pool: asyncpg.Pool, task: UUID, kind: str, target: str, times: int = 1) -> None:
    """Add outbox rows for a task that ended, all to one receiver."""
    await pool.execute(
        """
        insert into ledger.outbox (tenant, task_id, kind, target)
        select tenant, id, $2, $3 || n from ledger.tasks, generate_series(1, $4) n where id = $1
        """,
        task,
        kind,
        target,
        times,
    )


async def test_a_silent_receiver_holds_up_no_other(
    redis: Redis, pool: asyncpg.Pool, silent: Receiver, receiver: Receiver
) -> None:
    """While all that may be under way to it waits, the same tenant's other host and another tenant get theirs."""
    elsewhere = receiver.origin.replace("127.0.0.1", "localhost")
    acmes, others = await ended(pool, "acme"), await ended(pool, "other")
    await reply(pool, acmes, "url", f"{silent.origin}/", 120)
    await reply(pool, acmes, "url", f"{elsewhere}/acme", 3)
    await reply(pool, others, "url", f"{receiver.origin}/other", 3)
    replies = Replies(dict.fromkeys((silent.origin, elsewhere, receiver.origin), SECRET))
    sender = Sender(redis, replies, pool, only="urls")
    try:
        async with asyncio.timeout(8):  # less than one silent delivery takes
            while len(receiver.got) < 6:
                sender.freed.clear()
                if not await sender.start():
                    await sender.freed.wait()
        assert len(silent.got) <= outbox.PLACES_OF_ONE
        assert (
            await pool.fetchval("select sum(attempts) from ledger.outbox where target like $1", f"{silent.origin}%")
            == 4
        )
    finally:
        await sender.aclose()
        await replies.aclose()


async def test_turns_go_round(redis: Redis, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one place, who waits longest because of many does not take it twice before each of the others had it."""
    monkeypatch.setattr(outbox, "PLACES", 1)
    tasks = {tenant: await ended(pool, tenant) for tenant in ("acme", "beta", "core")}
    await reply(pool, tasks["acme"], "stream", "ci", 50)
    for tenant in ("beta", "core"):
        await reply(pool, tasks[tenant], "stream", "ci", 2)
    sender = Sender(redis, Replies({}), pool, only="streams")
    for _ in range(6):
        assert await sender.start() == 1
        await sender.wait()
    counts = await pool.fetch("select tenant, count(*) n from ledger.outbox where delivered_at is not null group by 1")
    assert {row["tenant"]: row["n"] for row in counts} == dict.fromkeys(tasks, 2)


async def test_silent_receivers_of_one_tenant_leave_places_to_others(
    redis: Redis, pool: asyncpg.Pool, silent: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many hosts of a tenant are silent, it has no more than half of the places."""
    monkeypatch.setattr(outbox, "PLACES_OF_ONE", 8)
    acmes = await ended(pool, "acme")
    origins = [silent.origin, silent.origin.replace("127.0.0.1", "localhost")]
    for origin in origins:
        await reply(pool, acmes, "url", f"{origin}/", 20)
    replies = Replies(dict.fromkeys(origins, SECRET))
    sender = Sender(redis, replies, pool, only="urls")
    try:
        assert [await sender.start() for _ in range(2)] == [outbox.PLACES // 2, 0]
    finally:
        await sender.aclose()
        await replies.aclose()


async def test_turns_go_by_tenant_then_by_host(
    redis: Redis, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant with many hosts has as many turns as one with a single host, and its hosts share them."""
    monkeypatch.setattr(outbox, "PLACES", 1)
    acmes, betas = await ended(pool, "acme"), await ended(pool, "beta")
    for host in ("a", "b", "c"):
        await reply(pool, acmes, "url", f"https://{host}.example/", 5)
    await reply(pool, betas, "url", "https://d.example/", 5)
    sender = Sender(redis, Replies({}), pool, only="urls")
    for _ in range(6):
        assert await sender.start() == 1
        await sender.wait()
    assert await _tried(pool, "host") == {"a.example": 1, "b.example": 1, "c.example": 1, "d.example": 3}


async def test_the_next_turn_follows_the_last(
    redis: Redis, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose row is the newest says nothing of whose turn was last."""
    monkeypatch.setattr(outbox, "PLACES", 2)
    for tenant in ("delta", "core", "beta", "acme"):
        await reply(pool, await ended(pool, tenant), "stream", "ci", 5)
    sender = Sender(redis, Replies({}), pool, only="streams")
    for _ in range(2):
        assert await sender.start() == 2
        await sender.wait()
    assert await _tried(pool, "tenant") == dict.fromkeys(("acme", "beta", "core", "delta"), 1)


async def _tried(pool: asyncpg.Pool, by: str) -> dict[str, int]:
    """Count the rows that were tried, of each tenant or host."""
    rows = await pool.fetch(f"select {by} as name, count(*) as n from ledger.outbox where attempts > 0 group by 1")
    return {row["name"]: row["n"] for row in rows}


@pytest.mark.parametrize(
    ("kind", "target", "host"),
    [
        ("url", "https://a.example/hook", "a.example"),
        ("url", "https://A.Example.:00443/hook", "a.example"),
        ("url", "http://a.example?x=https://b.example", "a.example"),
        ("url", "http://a.example#b", "a.example"),
        ("url", "http://", "?"),
        ("stream", "https://a.example", ""),
        ("results", "agent:tasks/1-1", ""),
    ],
)
async def test_one_host_has_one_turn(pool: asyncpg.Pool, kind: str, target: str, host: str) -> None:
    """However a URL is spelled, its host's turn is one; streams have a turn of their own."""
    task = await ended(pool, "acme")
    await pool.execute(
        "insert into ledger.outbox (tenant, task_id, kind, target) values ('acme', $1, $2, $3)", task, kind, target
    )
    assert await pool.fetchval("select host from ledger.outbox") == host


async def test_many_that_wait_do_not_slow_a_turn(pool: asyncpg.Pool) -> None:
    """Twenty times as many waiting rows make the next turn read no more of the table."""
    task = await ended(pool, "acme")

    async def pages_read(rows: int) -> int:
        await pool.execute("truncate ledger.outbox")
        await reply(pool, task, "url", "https://a.example/", rows)
        await pool.execute("analyze ledger.outbox")
        explained = f"explain (analyze, format json) {outbox.TAKE}"
        (plan,) = await pool.fetchval(explained, 20, 60.0, [], [], [], 4, "urls", "", [], [], 10)
        return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])

    few, many = await pages_read(1_000), await pages_read(20_000)
    assert many < 2 * few
