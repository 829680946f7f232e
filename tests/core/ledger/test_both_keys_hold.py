"""A task's own concurrency key and its skill's both hold: a task that names a key does not escape that of its skill."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from agent_ledger import ClaimedTask, cancel, finish, get_task, register_skills, requeue, submit
from core.ledger.house import DOOR, SKILL, done, expire, take, taken, task

KEYED = replace(SKILL, concurrency_key="issue:${input.issue}")


async def given(pool: asyncpg.Pool, issue: int, key: str | None = None) -> UUID:
    """Submit a task about an issue."""
    await register_skills(pool, [KEYED])
    return (await submit(pool, task(input={"issue": issue}, concurrency_key=key), door=DOOR)).id


async def slots(pool: asyncpg.Pool) -> list[str]:
    """Give the held keys."""
    return [row["key"] for row in await pool.fetch("select key from ledger.slots order by key")]


async def test_a_tasks_own_key_replaces_none_of_its_skills(pool: asyncpg.Pool) -> None:
    """Of two tasks on one issue with keys of their own one waits for the other; one of each key's kind is free."""
    first, same_issue = await given(pool, 1, "a"), await given(pool, 1, "b")
    same_key, neither = await given(pool, 2, "a"), await given(pool, 3, "c")
    assert [(await taken(pool)).id for _ in range(2)] == [first, neither]
    assert await take(pool) is None
    assert await slots(pool) == ["a", "c", "issue:1", "issue:3"]
    assert await finish(pool, first, 1, done(first))
    assert {(await taken(pool)).id for _ in range(2)} == {same_issue, same_key}
    view = await get_task(pool, same_issue)
    assert view is not None
    assert view.keys == {"b", "issue:1"}


async def test_equal_keys_are_one_slot(pool: asyncpg.Pool) -> None:
    """A task that names its skill's own key holds it once."""
    await given(pool, 1, "issue:1")
    await taken(pool)
    assert await slots(pool) == ["issue:1"]


@pytest.mark.parametrize("how", ["finished", "requeued", "expired", "cancelled"])
async def test_every_end_of_an_attempt_frees_both(pool: asyncpg.Pool, how: str) -> None:
    """Whatever ends the attempt, both slots are gone in the same statement."""
    name = await given(pool, 1, "a")
    attempt = (await taken(pool)).attempt
    match how:
        case "finished":
            assert await finish(pool, name, attempt, done(name))
        case "requeued":
            assert await requeue(pool, name, attempt, reason="server", message="", after_seconds=60)
        case "expired":
            await expire(pool, name)
            await take(pool, skills={})
        case "cancelled":
            await cancel(pool, name, tenant=None, by="person:ada")
            await expire(pool, name)
            await take(pool, skills={})
    assert await slots(pool) == []


async def test_a_claim_that_gets_one_slot_alone_gives_it_back(pool: asyncpg.Pool) -> None:
    """Another claim that is faster at the second key leaves nothing of the first, and the next task is taken."""
    await given(pool, 1, "z"), await given(pool, 2, "z")
    free = await given(pool, 3, "free")
    async with pool.acquire() as connection, connection.transaction():
        await taken(connection)
        waiting = asyncio.create_task(taken(pool, "w2"))
        while not await pool.fetchval("select count(*) from pg_locks where not granted"):
            assert not waiting.done()
            await asyncio.sleep(0.01)
    assert (await waiting).id == free
    assert await slots(pool) == ["free", "issue:1", "issue:3", "z"]


@pytest.mark.slow
async def test_no_two_tasks_with_a_key_in_common_overlap_and_none_is_stuck(pool: asyncpg.Pool) -> None:
    """Of 120 tasks over three issues and three keys, worked by eight, no two with a key in common run at once."""
    for issue, key in itertools.islice(itertools.cycle(itertools.product(range(3), "abc")), 120):
        await given(pool, issue, key)
    held: set[Any] = set()
    ended = 0

    async def run(claimed: ClaimedTask) -> None:
        nonlocal ended
        assert isinstance(claimed.task.input, dict)
        keys = {claimed.task.concurrency_key, claimed.task.input["issue"]}
        assert not keys & held, f"two tasks of {keys & held} run at once"
        held.update(keys)
        await asyncio.sleep(0)
        held.difference_update(keys)
        assert await finish(pool, claimed.id, claimed.attempt, done(claimed.id))
        ended += 1

    async def work(name: str) -> None:
        while ended < 120:
            claimed = await take(pool, name)
            await (asyncio.sleep(0.002) if claimed is None else run(claimed))

    async with asyncio.timeout(40):
        await asyncio.gather(*(work(f"w{n}") for n in range(8)))
    assert await slots(pool) == []
