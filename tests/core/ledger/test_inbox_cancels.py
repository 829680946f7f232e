"""Cancels by the inbox: each ends its task, or is rejected with the reason."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from agent_contracts import uuid7
from agent_ledger import drain, get_task, inbox, register_skills
from core.ledger.house import ACCESS, SKILL, STREAM, said, take
from redis.asyncio import Redis

GOOD = {"skill": "triage", "input": "look"}
FIXED = str(uuid4())


@pytest.fixture
async def house(pool: asyncpg.Pool) -> asyncpg.Pool:
    """A ledger that knows the shared skill."""
    await register_skills(pool, [SKILL])
    return pool


async def send(redis: Redis, value: object, field: str = "task") -> str:
    """XADD one entry and give its id."""
    raw = value if isinstance(value, bytes | str) else json.dumps(value)
    entry: Any = await redis.xadd(STREAM, {field: raw})
    return str(entry.decode())


async def drained(redis: Redis, pool: asyncpg.Pool, abandoned_ms: int = 15_000) -> int:
    """Drain once."""
    return await drain(redis, pool, ACCESS, consumer="c1", block_ms=20, abandoned_ms=abandoned_ms)


async def _not_reached(*_: object, **__: object) -> None:
    """Stand for the XACK of a drain that dies before it."""


@pytest.mark.parametrize("by", ["id", "entry"])
async def test_cancel_by_xadd(redis: Redis, house: asyncpg.Pool, by: str) -> None:
    """`XADD agent:tasks '*' cancel ID` cancels, by the task's id or by the id of the entry that asked for it."""
    name = uuid7()
    entry = await send(redis, {**GOOD, "id": str(name)})
    await send(redis, str(name) if by == "id" else entry, "cancel")
    assert await drained(redis, house) == 2
    assert await take(house) is None
    view = await get_task(house, name)
    assert view is not None
    assert view.state == "cancelled"


async def test_cancel_of_a_final_task_is_answered(redis: Redis, house: asyncpg.Pool) -> None:
    """A cancel that comes after the task's end is rejected as `final`, as it comes with HTTP's 409."""
    await send(redis, {**GOOD, "id": FIXED})
    await send(redis, FIXED, "cancel")
    late = await send(redis, FIXED, "cancel")
    assert await drained(redis, house) == 3
    (kept,) = await said(redis, "agent:rejected")
    assert (kept[b"entry"].decode(), kept[b"reason"]) == (late, b"final")
    (answer,) = await said(redis, "agent:results")
    assert (answer[b"entry"].decode(), answer[b"status"]) == (late, b"rejected")


async def test_a_cancel_that_is_tried_again_is_not_refused(
    redis: Redis, house: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a drain died between its cancel and its XACK, the next finds the task cancelled by that very entry."""
    await send(redis, {**GOOD, "id": FIXED})
    await send(redis, FIXED, "cancel")
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "settle", _not_reached)
        await drained(redis, house)
    await asyncio.sleep(0.03)
    assert await drained(redis, house, abandoned_ms=20) == 2
    assert await said(redis, "agent:rejected") == []


async def test_cancel_of_nothing_is_rejected_at_the_second_look(redis: Redis, house: asyncpg.Pool) -> None:
    """A cancel without its task waits once, as another drain may be about to commit it, and is then rejected."""
    await send(redis, str(uuid7()), "cancel")
    await send(redis, "not an id", "cancel")
    assert await drained(redis, house) == 1
    await asyncio.sleep(0.03)
    assert await drained(redis, house, abandoned_ms=20) == 1
    assert [kept[b"reason"] for kept in await said(redis, "agent:rejected")] == [b"field", b"unknown"]
