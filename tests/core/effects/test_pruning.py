"""Pruning: what is old and of no live task goes; what a budget or a repeat of today counts on stays."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from agent_contracts import TaskResult
from agent_effects import Asked, Limits, PruneCounts, begin, count_call, prune, reserve, settle
from agent_ledger import finish
from fixtures.task_runs import Run

NOW = timedelta(0)
NOTHING = PruneCounts(0, 0, 0, 0)
AGED = ("effects set settled_at = settled_at", "spend set at = at", "tool_calls set at = at")


async def age(run: Run, days: int) -> None:
    """Make all of schema `gateway` older by some days."""
    await run.pool.execute("alter table gateway.effects disable trigger effects_moves")
    for columns in AGED:
        await run.pool.execute(f"update gateway.{columns} - make_interval(days => $1)", days)
    await run.pool.execute("update gateway.totals set day = day - $1::int where scope <> 'task'", days)


async def forget_task(run: Run) -> None:
    """Bring the task to its end and out of the ledger."""
    assert await finish(run.pool, run.task, run.attempt, TaskResult(task_id=run.task, status="succeeded"))
    await run.pool.execute("delete from ledger.tasks where id = $1", run.task)


@pytest.fixture
async def used(task_run: Run) -> Run:
    """A run that has written, spent and called, beside a service that has written."""
    who: dict[str, Any] = {"task": task_run.task, "attempt": 1, "tenant": "default", "skill": "sample", "model": "m"}
    asked = Asked(input_tokens=1, input_usd=Decimal(1), output_tokens=1, output_usd=Decimal(1))
    await reserve(task_run.pool, request_id="a", asked=asked, limits=Limits(), **who)
    await count_call(task_run.pool, task_run.task, "a", most=2)
    for write in (task_run.write(), task_run.write(task=None, attempt=None)):
        assert (await begin(task_run.pool, write)).verdict == "begun"
        await settle(task_run.pool, write.id, state="done", status=200)
    return task_run


async def test_what_a_live_task_left_stays(used: Run) -> None:
    """However old they are, a task that is in the ledger keeps its rows; what is of no task goes."""
    await age(used, 40)
    assert await prune(used.pool, timedelta(days=30)) == replace(NOTHING, effects=1, totals=2)
    assert await prune(used.pool, NOW) == NOTHING


async def test_what_a_gone_task_left_goes_once_it_is_old(used: Run) -> None:
    """Rows of a task that the ledger has forgotten go by their own age, each table's."""
    await forget_task(used)
    await age(used, 20)
    assert await prune(used.pool, timedelta(days=30)) == replace(NOTHING, totals=1)
    assert await prune(used.pool, timedelta(days=10)) == PruneCounts(effects=2, spend=1, tool_calls=1, totals=2)


async def test_today_stays_at_any_age(used: Run) -> None:
    """What a day's budget counts is not cleared on that day, of tasks that are gone either."""
    await forget_task(used)
    assert (await prune(used.pool, NOW)).spend == 0
    scopes = await used.pool.fetch("select scope from gateway.totals order by 1")
    assert [row["scope"] for row in scopes] == ["skill", "tenant"]


async def test_an_open_write_stays(task_run: Run) -> None:
    """A write with an unknown outcome is kept, and so is one that waits."""
    write = task_run.write(uuid4())
    assert (await begin(task_run.pool, write)).verdict == "begun"
    await forget_task(task_run)
    await task_run.pool.execute("update gateway.effects set began_at = began_at - interval '40 days'")
    assert (await prune(task_run.pool, timedelta(days=30))).effects == 0


async def test_a_tenant_is_pruned_alone(used: Run) -> None:
    """Of another tenant nothing goes, of its own everything."""
    await forget_task(used)
    await age(used, 40)
    assert await prune(used.pool, timedelta(days=30), tenant="other") == NOTHING
    assert await prune(used.pool, timedelta(days=30), tenant="default") == PruneCounts(2, 1, 1, 3)
