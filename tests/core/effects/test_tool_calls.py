"""Tool calls are counted per task, each once however many requests it makes."""

import asyncio
from uuid import uuid4

import asyncpg
from agent_effects import count_call


async def test_a_call_counts_once_and_the_last_one_is_the_budgets(pool: asyncpg.Pool) -> None:
    """A call that was let through stays so; the one past the budget is refused, also when it comes again."""
    task = uuid4()
    answers = [await count_call(pool, task, call, most=2) for call in ("a", "a", "b", "c", "c", "a", "b")]
    assert answers == [True, True, True, False, False, True, True]
    assert await count_call(pool, uuid4(), "c", most=1)
    assert not await count_call(pool, uuid4(), "c", most=0)


async def test_calls_at_once_do_not_pass_the_budget(pool: asyncpg.Pool) -> None:
    """Of many calls at the same time exactly as many pass as the budget has."""
    task = uuid4()
    answers = await asyncio.gather(*(count_call(pool, task, str(n % 30), most=7) for n in range(60)))
    assert len({n % 30 for n, passed in enumerate(answers) if passed}) == 7
    assert await pool.fetchval("select count(*) from gateway.tool_calls where task_id = $1", task) == 7
