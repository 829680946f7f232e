"""Quotas and pools: what a tenant may have in the ledger, said in the refusal."""

import re

import asyncpg
import pytest
from agent_ledger import InvalidTask, cancel, drain, register_skills, submit
from core.ledger.house import DOOR, SKILL, STREAM, given, said, taken, task
from redis.asyncio import Redis
from service_kit.access import Access, Door, Quotas, Tenant

ACCESS = Access(
    tenants={"default": Tenant(quotas=Quotas(queued=3, queued_per_key=2))},
    streams={STREAM: Door(name=f"stream:{STREAM}", skills=["*"])},
    http={"other": Door(name="http:other", tenant="other", skills=["*"])},
)
DOORS = {door.tenant: door for door in ACCESS.doors()}


async def test_a_full_queue_refuses_with_its_figure(pool: asyncpg.Pool) -> None:
    """A tenant's task over its queued quota is refused with figure and remedy; running ones and others do not count."""
    first = [await given(pool, DOORS["default"]) for _ in range(3)]
    with pytest.raises(InvalidTask, match=r"default has 3 tasks queued, and may have 3.*`quotas.queued`") as refused:
        await given(pool, DOORS["default"])
    assert refused.value.fault == "quota"
    assert await given(pool, DOORS["other"])
    assert (await taken(pool)).id == first[0]
    assert await given(pool, DOORS["default"])


async def test_a_known_task_is_no_new_one(pool: asyncpg.Pool) -> None:
    """A repeat, by id or by dedupe key, is answered though the queue is full."""
    first = await given(pool, DOORS["default"], dedupe_key="d")
    for _ in range(2):
        await given(pool, DOORS["default"])
    assert (await submit(pool, task(id=first, dedupe_key="d"), door=DOORS["default"])).id == first
    assert (await submit(pool, task(dedupe_key="d"), door=DOORS["default"])).id == first


async def test_few_tasks_wait_for_one_key(pool: asyncpg.Pool) -> None:
    """As many tasks as the quota wait for one concurrency key, then they are refused; another key is free."""
    first = await given(pool, DOORS["default"], concurrency_key="k")
    await given(pool, DOORS["default"], concurrency_key="k")
    with pytest.raises(InvalidTask, match=r"2 tasks with the concurrency key k are queued, and 2 may be"):
        await given(pool, DOORS["default"], concurrency_key="k")
    await cancel(pool, first, tenant=None, by="test")
    assert await given(pool, DOORS["default"], concurrency_key="k")


async def test_an_entry_over_the_quota_is_kept_with_the_reason(pool: asyncpg.Pool, redis: Redis) -> None:
    """A stream's entry over the quota goes to the rejected ones with the figure."""
    await register_skills(pool, [SKILL])
    for _ in range(4):
        await redis.xadd(STREAM, {"task": '{"skill": "triage", "input": "look"}'})
    await drain(redis, pool, ACCESS, consumer="w", block_ms=10)
    (kept,) = await said(redis, "agent:rejected")
    assert (kept[b"reason"], b"may have 3" in kept[b"message"]) == (b"quota", True)


@pytest.mark.parametrize(("pools", "named"), [([], "default"), (["gpu"], "gpu"), (["*"], "any"), (None, "default")])
async def test_a_door_reaches_its_pools(pool: asyncpg.Pool, pools: list[str] | None, named: str) -> None:
    """A task may name its skill's own pool and the door's; a silent door reaches the default pool."""
    door = Door(name="http:ci", skills=["*"], **({} if pools is None else {"pools": pools}))
    assert await given(pool, door, pool=named)


async def test_another_pool_is_refused_with_its_remedy(pool: asyncpg.Pool) -> None:
    """A pool that is not the door's is refused by name, and makes no row."""
    said_so = "pool: http:ci does not reach nobody: leave it out for the skill's own (default), or add it to `pools`"
    with pytest.raises(InvalidTask, match=re.escape(said_so)):
        await given(pool, Door(name="http:ci", skills=["*"]), pool="nobody")
    assert DOOR.reaches("nobody")
    assert await pool.fetchval("select count(*) from ledger.tasks") == 0
