"""A task that nobody takes: the command line says what it waits for."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import agent_ledger
import asyncpg
import pytest
from agent_contracts import Task
from agent_engine.cli import waiting
from agent_engine.cli.waiting import hint_when_waiting, what_it_waits_for
from agent_ledger import SkillRow, TaskView
from unit.agent_engine.engine_house import DOOR

CARRIED = {"look": "v1"}


async def submit(ledger: asyncpg.Pool, **fields: object) -> TaskView:
    """Submit a task for a skill that is known."""
    await agent_ledger.register_skills(ledger, [SkillRow(name="look", version="v1", engine="claude", model="m")])
    task = Task.model_validate({"skill": "look", "input": "x", **fields})
    return await seen(ledger, (await agent_ledger.submit(ledger, task, door=DOOR)).id)


async def seen(pool: asyncpg.Pool, task_id: uuid.UUID) -> TaskView:
    """Give a task's row."""
    view = await agent_ledger.get_task(pool, task_id)
    assert view is not None
    return view


async def claimed(pool: asyncpg.Pool) -> TaskView:
    """Play a worker of pool `default` that takes the next task."""
    claim = await agent_ledger.claim(
        pool, worker="w1", lease_seconds=60, pools=["default"], engines=["claude"], skills=CARRIED
    )
    assert claim is not None
    return await seen(pool, claim.id)


async def test_skill_engine_and_pool_are_named(pool: asyncpg.Pool) -> None:
    """What a worker must have is named, and what those at work have."""
    view = await submit(pool, pool="gpu")
    said = what_it_waits_for(view, [], datetime.now(UTC))
    assert "carries skill look v1, has engine claude and serves pool gpu; no worker is at work on anything" in said
    await submit(pool)
    said = what_it_waits_for(view, [await claimed(pool)], datetime.now(UTC))
    assert "at work now: w1 (pool default, engine claude, skill look)" in said


async def test_holder_of_the_key_is_named(pool: asyncpg.Pool) -> None:
    """A task whose concurrency key is held waits for the task that holds it."""
    await submit(pool, concurrency_key="k")
    holder = await claimed(pool)
    view = await submit(pool, concurrency_key="k")
    assert what_it_waits_for(view, [holder], datetime.now(UTC)).startswith(f"task {holder.id} is running")
    other = await submit(pool, concurrency_key="other")
    assert str(holder.id) not in what_it_waits_for(other, [holder], datetime.now(UTC))


async def test_what_is_not_due_waits_for_its_time(pool: asyncpg.Pool) -> None:
    """A task of tomorrow is not blamed on workers."""
    view = await submit(pool, not_before=datetime.now(UTC) + timedelta(days=1))
    assert "is not due before" in what_it_waits_for(view, [], datetime.now(UTC))


async def test_hint_comes_once_and_only_while_queued(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A queued task gives one line on standard error, one that a worker has taken gives none."""
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.05)
    view = await submit(pool)
    async with hint_when_waiting(pool, view.id):
        await asyncio.sleep(0.5)
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith("waiting: no worker has taken the task yet")
    await claimed(pool)
    async with hint_when_waiting(pool, view.id):
        await asyncio.sleep(0.5)
    assert capsys.readouterr().err == ""
