"""Spending adds up over all attempts and decides whether a run may ask the model."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest
from agent_contracts import Budget, Usage
from agent_effects import may_spend, record_spend, spent, spent_by
from fixtures.task_runs import Run


async def spend(run: Run, request_id: str, *, usd: str = "0.01", tokens: int = 100, attempt: int = 1) -> bool:
    """Record a request."""
    return await record_spend(
        run.pool,
        task=run.task,
        attempt=attempt,
        tenant="default",
        model="sample",
        request_id=request_id,
        usd=Decimal(usd),
        input_tokens=tokens,
        output_tokens=10,
        cache_read_tokens=2,
        cache_write_tokens=1,
    )


async def test_spending_adds_up_exactly(task_run: Run) -> None:
    """Dollars are exact to ten places and every kind of token is counted, over all attempts."""
    await spend(task_run, "a", usd="0.0000000001")
    await spend(task_run, "b", usd="0.1", attempt=2)
    await spend(task_run, "c", usd="0.2", attempt=2)
    total = await spent(task_run.pool, task_run.task)
    assert (total.usd, total.tokens, total.requests) == (Decimal("0.3000000001"), 339, 3)
    assert total.usage == Usage(
        input_tokens=300, output_tokens=30, cache_read_tokens=6, cache_write_tokens=3, requests=3
    )


async def test_nothing_spent_is_zero(pool: asyncpg.Pool) -> None:
    """A task that never asked has spent nothing."""
    total = await spent(pool, uuid4())
    assert (total.usd, total.tokens, total.requests) == (Decimal(0), 0, 0)
    assert await spent_by(pool, []) == 0


async def test_a_request_is_counted_once(task_run: Run) -> None:
    """Recording a request again, even at the same time, adds nothing and says so."""
    answers = await asyncio.gather(*(spend(task_run, "same") for _ in range(5)))
    assert sorted(answers) == [False, False, False, False, True]
    assert (await spent(task_run.pool, task_run.task)).requests == 1


async def test_tasks_are_summed_together(task_run: Run) -> None:
    """A day's or a trigger's spending is that of its tasks."""
    other = Run(task_run.pool, uuid4(), 1)
    await spend(task_run, "a", usd="0.25")
    await spend(other, "a", usd="0.5")
    assert await spent_by(task_run.pool, [task_run.task, other.task]) == Decimal("0.75")


async def test_money_already_spent_is_recorded_after_the_lease(task_run: Run) -> None:
    """What an attempt spent before it lost its lease counts, though it may spend no more."""
    await task_run.lose()
    assert await spend(task_run, "late")
    assert await may_spend(task_run.pool, task_run.task, 1, Budget()) == "not_live"


@pytest.mark.parametrize(
    ("budget", "answer"),
    [
        (Budget(), "ok"),
        (Budget(usd=Decimal("0.02"), tokens=114), "ok"),
        (Budget(usd=Decimal("0.01")), "budget_usd"),
        (Budget(usd=Decimal(0)), "budget_usd"),
        (Budget(tokens=113), "budget_tokens"),
        (Budget(tokens=0), "budget_tokens"),
        (Budget(usd=Decimal(0), tokens=0), "budget_usd"),
    ],
)
async def test_a_budget_ends_where_it_is_used_up(task_run: Run, budget: Budget, answer: str) -> None:
    """What is spent (0.01 dollars, 113 tokens) must be below each bound; a missing bound bounds nothing."""
    await spend(task_run, "a")
    assert await may_spend(task_run.pool, task_run.task, 1, budget) == answer


async def test_budget_zero_allows_nothing_at_all(task_run: Run) -> None:
    """A budget of 0 is used up before the first request."""
    assert await may_spend(task_run.pool, task_run.task, 1, Budget(tokens=0)) == "budget_tokens"


async def test_only_the_running_attempt_may_spend(task_run: Run) -> None:
    """The fence comes before the budget: a stale or invented attempt learns nothing of it."""
    budget = Budget(usd=Decimal(0))
    assert await may_spend(task_run.pool, task_run.task, 2, budget) == "not_live"
    assert await may_spend(task_run.pool, uuid4(), 1, budget) == "not_live"
    await task_run.lose()
    assert await may_spend(task_run.pool, task_run.task, 1, budget) == "not_live"
    assert await may_spend(task_run.pool, task_run.task, 2, Budget()) == "ok"
