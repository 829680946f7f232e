"""A task that nobody takes: the command line says what it waits for."""

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import agent_ledger
import asyncpg
import pytest
from agent_contracts import Task
from agent_engine.cli import queue_diagnostics
from agent_engine.cli.queue_diagnostics import watching, what_it_waits_for
from agent_ledger import SkillRow, TaskView, WorkerRow
from core.agent_engine.worker_place import DOOR

CARRIED = {"look": "v1"}
WORKER = WorkerRow(name="w1", pools=["gpu"], engines=["claude"], skills=CARRIED, slots=2)


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
    """What a worker must have is named, and that none is there."""
    view = await submit(pool, pool="gpu")
    said = what_it_waits_for(view, [], [], datetime.now(UTC))
    assert "carries skill look v1, has engine claude and serves pool gpu; no worker is alive" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "w1 fits, with 1 of 2 slots taken"),
        ({"pools": ["default", "cpu"]}, "w1 serves pool default, cpu"),
        ({"skills": {}}, "w1 does not carry the skill, or waits for its MCP servers"),
        ({"skills": {"look": "v0"}, "engines": ["codex"]}, "w1 carries the skill as v0 and has engine codex"),
    ],
)
async def test_every_worker_is_told_with_what_it_lacks(pool: asyncpg.Pool, change: dict[str, Any], said: str) -> None:
    """Idle or busy, a worker that is alive is named with what keeps it from the task."""
    await submit(pool)
    busy = await claimed(pool)
    view = await submit(pool, pool="gpu")
    idle = replace(WORKER, name="w2", skills={})
    told = what_it_waits_for(view, [busy], [replace(WORKER, **change), idle], datetime.now(UTC))
    assert f"; alive: {said}; w2 does not carry the skill, or waits for its MCP servers. " in told


async def test_of_many_workers_some_are_named(pool: asyncpg.Pool) -> None:
    """The line stays short in a large house."""
    view = await submit(pool)
    many = [replace(WORKER, name=f"w{number}") for number in range(30)]
    told = what_it_waits_for(view, [], many, datetime.now(UTC))
    assert told.count(" serves pool gpu") == 10
    assert "; and 20 more. " in told


async def test_holder_of_the_key_is_named(pool: asyncpg.Pool) -> None:
    """A task whose concurrency key is held waits for the task that holds it."""
    await submit(pool, concurrency_key="k")
    holder = await claimed(pool)
    view = await submit(pool, concurrency_key="k")
    assert what_it_waits_for(view, [holder], [], datetime.now(UTC)).startswith(f"task {holder.id} is running")
    other = await submit(pool, concurrency_key="other")
    assert str(holder.id) not in what_it_waits_for(other, [holder], [], datetime.now(UTC))


async def test_what_is_not_due_waits_for_its_time(pool: asyncpg.Pool) -> None:
    """A task of tomorrow is not blamed on workers."""
    view = await submit(pool, not_before=datetime.now(UTC) + timedelta(days=1))
    assert "is not due before" in what_it_waits_for(view, [], [], datetime.now(UTC))


async def test_hint_comes_once_and_only_while_queued(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A queued task gives one line on standard error, one that a worker has taken gives none."""
    monkeypatch.setattr(queue_diagnostics, "PATIENCE_SECONDS", 0.05)
    view = await submit(pool)
    async with watching(pool, view.id):
        await asyncio.sleep(0.5)
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith("waiting: no worker has taken the task yet")
    await claimed(pool)
    async with watching(pool, view.id):
        await asyncio.sleep(0.5)
    assert capsys.readouterr().err == ""
