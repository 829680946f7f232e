"""Claiming: who gets which task, when, and never twice."""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from agent_contracts import Retry, TaskResult, TaskState, Usage
from agent_ledger import ClaimedTask, SkillRow, finish, get_result, get_task, list_tasks, register_skills, submit
from agent_ledger.views import UNREADABLE
from core.ledger.house import DOOR, SKILL, done, expire, given, take, taken, task


async def test_race_of_many_claims_gives_each_task_once(pool: asyncpg.Pool) -> None:
    """Ten workers that claim at once share sixty tasks, and none is given twice."""
    await register_skills(pool, [SKILL])
    wanted = {(await submit(pool, task(), door=DOOR)).id for _ in range(60)}

    async def work(name: str) -> list[UUID]:
        got = []
        while (claimed := await take(pool, name)) is not None:
            got.append(claimed.id)
        return got

    got = Counter(chain.from_iterable(await asyncio.gather(*(work(f"w{n}") for n in range(10)))))
    assert set(got) == wanted
    assert set(got.values()) == {1}


async def test_order_is_priority_then_age(pool: asyncpg.Pool) -> None:
    """High comes before normal before low, and older before younger."""
    names = [
        await given(pool, priority=priority, input=priority) for priority in ("low", "normal", "high", "high", "normal")
    ]
    order = [(await taken(pool)).id for _ in names]
    assert order == [names[2], names[3], names[1], names[4], names[0]]


@pytest.mark.parametrize(
    "only", [{"pools": ["gpu"]}, {"engines": ["cursor"]}, {"skills": {"triage": "v0"}}, {"skills": {"other": "v1"}}]
)
async def test_only_what_the_worker_has(pool: asyncpg.Pool, only: dict[str, Any]) -> None:
    """A worker is given only tasks of its pools, engines and skills in the version that it carries."""
    await given(pool)
    assert await take(pool, **only) is None
    assert await take(pool) is not None


async def test_a_version_that_nobody_carries_moves_on(pool: asyncpg.Pool) -> None:
    """Queued tasks of a skill version that no worker has shown for long are run in the version that one has."""
    name = await given(pool)
    await register_skills(pool, [SkillRow(name="triage", version="v2", engine="claude", model="m")])
    assert await take(pool, skills={"triage": "v2"}) is None
    await pool.execute("update ledger.skills set seen_at = now() - interval '1 hour' where version = 'v1'")
    claimed = await taken(pool, skills={"triage": "v2"})
    assert (claimed.id, claimed.skill_version) == (name, "v2")


@pytest.mark.parametrize("apart", [-300, 300])
async def test_a_claim_brings_the_ledgers_clock(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, apart: float
) -> None:
    """What an attempt dates goes by PostgreSQL's clock and never ahead of it, however far this host's is off."""
    monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1e9 + apart)
    await given(pool)
    before = await pool.fetchval("select clock_timestamp()")
    clock = (await taken(pool)).clock
    claimed = clock.now()
    await asyncio.sleep(0.05)
    later = clock.now()
    after = await pool.fetchval("select clock_timestamp()")
    assert before < claimed < later <= after
    assert later - claimed >= timedelta(seconds=0.05)


async def test_not_before_is_waited_for(pool: asyncpg.Pool) -> None:
    """A task is not claimed before its time."""
    name = await given(pool, not_before=datetime.now(UTC) + timedelta(hours=1))
    assert await take(pool) is None
    await pool.execute("update ledger.tasks set not_before = clock_timestamp() where id = $1", name)
    assert await take(pool) is not None


async def test_lease_over_is_the_next_attempt(pool: asyncpg.Pool) -> None:
    """A task whose lease is over is given to the next that claims, as its next attempt, with a `retry` event."""
    name = await given(pool)
    await taken(pool, lease_seconds=0.01)
    await asyncio.sleep(0.02)
    second = await taken(pool, "w2")
    assert (second.id, second.attempt) == (name, 2)
    kinds = await pool.fetch("select attempt, kind from ledger.events where task_id = $1 order by attempt, seq", name)
    assert [tuple(row) for row in kinds] == [(0, "queued"), (1, "retry")]


async def test_attempts_used_up_is_crashed(pool: asyncpg.Pool) -> None:
    """A task whose last attempt's lease is over fails as crashed, with result and event, whoever claims next."""
    name = await given(pool, retry=Retry(max_attempts=1))
    await taken(pool)
    await expire(pool, name)
    assert await take(pool, "w2", pools=["another"]) is None
    result = await get_result(pool, name)
    assert result is not None
    assert (result.status, result.reason, result.attempts) == ("failed", "crashed", 1)


@pytest.mark.parametrize("running", [False, True])
async def test_deadline_over_is_failed(pool: asyncpg.Pool, running: bool) -> None:
    """A task that nobody runs when its deadline is over fails for that reason and is given to nobody."""
    name = await given(pool, deadline=datetime.now(UTC) + timedelta(hours=1))
    if running:
        await taken(pool)
        await expire(pool, name)
    await pool.execute("update ledger.tasks set deadline = clock_timestamp() where id = $1", name)
    assert await take(pool) is None
    result = await get_result(pool, name)
    assert result is not None
    assert (result.status, result.reason) == ("failed", "deadline")


async def test_sweep_lets_others_complete_a_result(pool: asyncpg.Pool) -> None:
    """What the sweep ends passes the caller's `complete`, which knows cost and effects."""
    name = await given(pool, retry=Retry(max_attempts=1))
    await taken(pool)
    await expire(pool, name)

    async def with_requests(result: TaskResult) -> TaskResult:
        return result.model_copy(update={"usage": Usage(requests=3)})

    await take(pool, complete=with_requests)
    result = await get_result(pool, name)
    assert result is not None
    assert result.usage.requests == 3


@pytest.mark.slow
async def test_tasks_of_one_key_never_overlap_and_none_is_stuck(pool: asyncpg.Pool) -> None:
    """Of 200 tasks over four keys, worked by eight, no two of one key run at once, and all end."""
    await register_skills(pool, [SKILL])
    for number in range(200):
        await submit(pool, task(concurrency_key=f"k{number % 4}"), door=DOOR)
    held: set[str] = set()
    ended = 0

    async def run(claimed: ClaimedTask) -> None:
        nonlocal ended
        key = claimed.task.concurrency_key
        assert key is not None
        assert key not in held, f"two tasks of {key} run at once"
        held.add(key)
        await asyncio.sleep(0)
        held.discard(key)
        assert await finish(pool, claimed.id, claimed.attempt, done(claimed.id))
        ended += 1

    async def work(name: str) -> None:
        while ended < 200:
            claimed = await take(pool, name)
            await (asyncio.sleep(0.002) if claimed is None else run(claimed))

    async with asyncio.timeout(40):
        await asyncio.gather(*(work(f"w{n}") for n in range(8)))
    assert await pool.fetchval("select count(*) from ledger.slots") == 0


async def test_a_held_key_lets_other_tasks_pass(pool: asyncpg.Pool) -> None:
    """A task whose key is held waits, tasks behind it do not; another tenant's equal key is another key."""
    first = await given(pool, concurrency_key="k")
    second = await given(pool, concurrency_key="k")
    free = await given(pool)
    foreign = await given(pool, DOOR.model_copy(update={"tenant": "other"}), concurrency_key="k")
    got = [(await taken(pool)).id for _ in range(3)]
    assert got == [first, foreign, free]
    assert await take(pool) is None
    await expire(pool, first)
    assert {(await taken(pool)).id, (await take(pool)) is None} == {first, True}
    assert await finish(pool, first, 2, done(first))
    assert (await taken(pool)).id == second


async def test_claim_shows_in_the_row(pool: asyncpg.Pool) -> None:
    """A claimed task's row says who runs it and until when."""
    name = await given(pool)
    await taken(pool, "host:1")
    view = await get_task(pool, name)
    assert view is not None
    assert (view.state, view.worker, view.attempt) == (TaskState.running, "host:1", 1)
    assert view.lease_until is not None


async def test_a_task_of_a_newer_version_hides_no_other(pool: asyncpg.Pool) -> None:
    """What this version cannot read waits for a worker that can; all else is claimed, and all of it is listed."""
    newer, plain = await given(pool, priority="high"), await given(pool)
    body = 'update ledger.tasks set body = (body::jsonb || \'{"colour": "red"}\')::json where id = $1'
    await pool.execute(body, newer)
    assert [(await taken(pool)).id, await take(pool)] == [plain, None]
    row = await pool.fetchrow("select state, attempt from ledger.tasks where id = $1", newer)
    assert row is not None
    assert tuple(row) == ("queued", 0)
    assert {view.id: view.task.input for view in await list_tasks(pool)}[newer] == UNREADABLE
