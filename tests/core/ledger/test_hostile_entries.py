"""Hostile entries: one that ends its drain or fails is given up with its reason, and none holds up another stream."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from agent_contracts import Task, task_id_for, uuid7
from agent_ledger import drain, inbox, list_tasks, register_skills
from agent_ledger.task_parser import read_task
from core.ledger.house import ACCESS, DOOR, SKILL, STREAM, STRICT, given, said
from redis.asyncio import Redis
from service_kit.access import Access

OTHERS = "agent:tasks:acme"
BOTH = Access(streams={STREAM: DOOR, OTHERS: DOOR.model_copy(update={"tenant": "acme"})})
GOOD = json.dumps({"skill": "triage", "input": "look"})
POISON = json.dumps({"skill": "triage", "input": "poison"})


class Killed(BaseException):
    """The end of a process, as far as one drain can tell."""


def deadly(monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> list[bytes]:
    """Let the poison raise an error wherever it is read; gives each time that it was."""
    read: list[bytes] = []

    def reading(raw: bytes) -> Task:
        if raw == POISON.encode():
            read.append(raw)
            raise error("poison")
        return read_task(raw)

    monkeypatch.setattr(inbox, "read_task", reading)
    return read


async def drained(redis: Redis, pool: asyncpg.Pool, access: Access = ACCESS) -> int:
    """Drain once, with every entry that was left before taken for abandoned."""
    await asyncio.sleep(0.03)
    return await drain(redis, pool, access, consumer="c1", block_ms=20, abandoned_ms=20)


async def test_an_entry_that_ends_its_drain_is_given_up(
    redis: Redis, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three ends it is kept with reason and bytes; what was read in one batch with it becomes a task each."""
    await register_skills(pool, [SKILL])
    read = deadly(monkeypatch, Killed)
    entry: Any = await redis.xadd(STREAM, {"task": POISON})
    for _ in range(3):
        await redis.xadd(STREAM, {"task": GOOD})
    for _ in range(3):
        with pytest.raises(Killed):
            await drained(redis, pool)
    assert await drained(redis, pool) == 1
    assert (len(read), len(await list_tasks(pool)), await redis.xlen(STREAM)) == (3, 3, 0)
    (kept,) = await said(redis, "agent:rejected")
    assert (kept[b"entry"], kept[b"reason"], kept[b"original:task"]) == (entry, b"poison", POISON.encode())
    assert b"3 drains ended" in kept[b"message"]
    (answer,) = await said(redis, "agent:results")
    assert (answer[b"entry"], answer[b"status"]) == (entry, b"rejected")


async def test_an_entry_that_fails_holds_up_no_other(
    redis: Redis, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own in one entry lets the rest of its stream pass, and is its reason in the end."""
    await register_skills(pool, [SKILL])
    read = deadly(monkeypatch, LookupError)
    await redis.xadd(STREAM, {"task": POISON})
    await redis.xadd(STREAM, {"task": GOOD})
    assert [await drained(redis, pool) for _ in range(4)] == [1, 0, 1, 0]
    assert (len(read), len(await list_tasks(pool))) == (3, 1)
    (kept,) = await said(redis, "agent:rejected")
    assert kept[b"message"] == b"it failed 3 times, at last with LookupError: poison"


async def test_an_outage_is_no_fault_of_an_entry(redis: Redis, pool: asyncpg.Pool) -> None:
    """However often the ledger is found away, the entry is taken in when it is back."""
    await register_skills(pool, [SKILL])
    await redis.xadd(STREAM, {"task": GOOD})
    await pool.execute("alter table ledger.tasks rename to away")
    for _ in range(5):
        with pytest.raises(asyncpg.PostgresError):
            await drained(redis, pool)
    await pool.execute("alter table ledger.away rename to tasks")
    assert await drained(redis, pool) == 1
    assert len(await list_tasks(pool)) == 1
    assert await said(redis, "agent:rejected") == []


async def test_a_pattern_that_would_backtrack_is_told_at_once(redis: Redis, pool: asyncpg.Pool) -> None:
    """A skill's pattern of nested repetitions refuses a hostile text in the first pass, and the next entry is taken."""
    schema = {"properties": {"name": {"type": "string", "pattern": "^(a+)+$"}}}
    await register_skills(pool, [replace(STRICT, input_schema=schema)])
    for name in ("a" * 31 + "!", "a" * 31, "a" * 900_000 + "!"):
        await redis.xadd(STREAM, {"task": json.dumps({"skill": "strict", "input": {"name": name}})})
    assert await drained(redis, pool) == 3
    assert [kept[b"reason"] for kept in await said(redis, "agent:rejected")] == [b"input"] * 2
    assert len(await list_tasks(pool)) == 1


async def test_a_flood_of_one_tenant_leaves_another_its_turn(redis: Redis, pool: asyncpg.Pool) -> None:
    """Cancels of unknown ids are settled in bounded passes, while another stream's entry is taken in the first."""
    await register_skills(pool, [SKILL])
    async with redis.pipeline(transaction=False) as flood:
        for _ in range(300):
            flood.xadd(STREAM, {"cancel": str(uuid7())})
        await flood.execute()
    await redis.xgroup_create(STREAM, "agent-engine", id="0")
    await redis.xreadgroup("agent-engine", "dead", {STREAM: ">"}, count=300)
    await redis.xadd(OTHERS, {"task": GOOD})
    first = await drained(redis, pool, BOTH)
    assert [view.tenant for view in await list_tasks(pool)] == ["acme"]
    assert 1 < first < 250
    assert await drained(redis, pool, BOTH) > 0


async def test_a_stream_that_waits_holds_up_no_other(redis: Redis, pool: asyncpg.Pool) -> None:
    """While an entry waits for a row that somebody holds, entries of another stream come in and are taken."""
    waited_for = await given(pool)
    await redis.xadd(STREAM, {"cancel": str(waited_for)})
    async with pool.acquire() as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute("select from ledger.tasks where id = $1 for update", waited_for)
        draining = asyncio.create_task(drained(redis, pool, BOTH))
        for _ in range(3):
            await asyncio.sleep(0.1)
            entry: Any = await redis.xadd(OTHERS, {"task": GOOD})
            task = task_id_for("acme", OTHERS, entry.decode())
            async with asyncio.timeout(10):
                while not await pool.fetchval("select count(*) from ledger.tasks where id = $1", task):
                    await asyncio.sleep(0.02)
        assert not draining.done()
        await held.rollback()
    assert await draining == 4


async def test_no_stream_is_left_unread_while_another_has_its_turn_again(redis: Redis, pool: asyncpg.Pool) -> None:
    """Turns of several streams end together: none begins a whole turn anew, during which the others are not read."""
    await drained(redis, pool, BOTH)
    began = asyncio.get_running_loop().time()
    await drain(redis, pool, BOTH, consumer="c1", block_ms=1000)
    assert asyncio.get_running_loop().time() - began < 1.7
