"""Spending is reserved before a request, settled once after it, and never passes a budget."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from agent_contracts import Usage
from agent_effects import (
    Asked,
    Limit,
    Limits,
    Reserved,
    is_live,
    release_spend,
    reserve,
    settle_spend,
    spent,
    spent_by,
)
from fixtures.task_runs import Run

CENT = Decimal("0.01")
ASKED = Asked(input_tokens=100, input_usd=CENT, output_tokens=50, output_usd=Decimal("0.001"))
"""Comes to 150 tokens and 0.06 dollars at most."""
FREE = Limits()


async def ask(run: Run, request_id: str, asked: Asked = ASKED, limits: Limits = FREE, **changes: Any) -> Reserved:
    """Reserve for a request of this run."""
    who = {"task": run.task, "attempt": run.attempt, "tenant": "default", "skill": "sample", "model": "sample"}
    return await reserve(run.pool, request_id=request_id, asked=asked, limits=limits, **{**who, **changes})


async def pay(run: Run, request_id: str, usd: str, *, tokens: int = 100) -> bool:
    """Settle a request."""
    return await settle_spend(
        run.pool,
        run.task,
        request_id,
        usd=Decimal(usd),
        input_tokens=tokens,
        output_tokens=10,
        cache_read_tokens=2,
        cache_write_tokens=1,
    )


async def totals(pool: asyncpg.Pool) -> dict[str, tuple[Decimal, int]]:
    """Give the sums by scope."""
    rows = await pool.fetch(
        "select scope, sum(usd) as usd, sum(tokens)::bigint as tokens from gateway.totals group by 1"
    )
    return {row["scope"]: (row["usd"], row["tokens"]) for row in rows}


async def test_a_reservation_counts_until_it_is_settled(task_run: Run) -> None:
    """What a request may cost is spent from the start; then what it did cost takes its place, in every sum."""
    assert await ask(task_run, "a") == Reserved("ok", 50, Decimal("0.06"))
    held = await spent(task_run.pool, task_run.task)
    assert (held.usd, held.tokens, held.requests, held.open) == (Decimal("0.06"), 150, 1, 1)
    assert await totals(task_run.pool) == dict.fromkeys(("task", "skill", "tenant"), (Decimal("0.06"), 150))
    assert await pay(task_run, "a", "0.02")
    paid = await spent(task_run.pool, task_run.task)
    assert (paid.usd, paid.tokens, paid.requests, paid.open) == (Decimal("0.02"), 113, 1, 0)
    assert await totals(task_run.pool) == dict.fromkeys(("task", "skill", "tenant"), (Decimal("0.02"), 113))


async def test_spending_adds_up_exactly(task_run: Run) -> None:
    """Dollars are exact to ten places and every kind of token is counted, over all attempts."""
    for name, usd in (("a", "0.0000000001"), ("b", "0.1"), ("c", "0.2")):
        await ask(task_run, name)
        await pay(task_run, name, usd)
    total = await spent(task_run.pool, task_run.task)
    assert (total.usd, total.tokens, total.requests) == (Decimal("0.3000000001"), 339, 3)
    assert total.usage == Usage(
        input_tokens=300, output_tokens=30, cache_read_tokens=6, cache_write_tokens=3, requests=3
    )
    assert (await totals(task_run.pool))["tenant"] == (total.usd, total.tokens)


async def test_nothing_spent_is_zero(pool: asyncpg.Pool) -> None:
    """A task that never asked has spent nothing."""
    total = await spent(pool, uuid4())
    assert (total.usd, total.tokens, total.requests, total.open) == (Decimal(0), 0, 0, 0)
    assert await spent_by(pool, []) == 0


async def test_a_request_is_settled_once(task_run: Run) -> None:
    """Of several settlements at the same time one counts, whatever the others say."""
    await ask(task_run, "same")
    steps = [pay(task_run, "same", "0.02"), pay(task_run, "same", "0.03")]
    steps.append(release_spend(task_run.pool, task_run.task, "same"))
    assert sorted(await asyncio.gather(*steps)) == [False, False, True]
    spend = await spent(task_run.pool, task_run.task)
    assert (await totals(task_run.pool))["task"] == (spend.usd, spend.tokens)


async def test_what_cost_nothing_is_given_back(task_run: Run) -> None:
    """A request that never reached the vendor leaves nothing."""
    await ask(task_run, "unsent")
    assert await release_spend(task_run.pool, task_run.task, "unsent")
    assert (await spent(task_run.pool, task_run.task)).requests == 0
    assert set((await totals(task_run.pool)).values()) == {(Decimal(0), 0)}


async def test_money_already_spent_is_settled_after_the_lease(task_run: Run) -> None:
    """What an attempt spent before it lost its lease counts, though it may spend no more."""
    await ask(task_run, "late")
    await task_run.lose()
    assert (await ask(task_run, "later")).verdict == "not_live"
    assert await pay(task_run, "late", "0.02")


async def test_only_the_running_attempt_may_reserve(task_run: Run) -> None:
    """The fence comes before the budget: a stale or invented attempt learns nothing of it, and leaves no row."""
    none = Limits(Limit(Decimal(0), 0))
    for changes in ({"attempt": 2}, {"task": uuid4()}):
        assert (await ask(task_run, "x", limits=none, **changes)).verdict == "not_live"
    assert await is_live(task_run.pool, task_run.task, 1)
    await task_run.lose()
    assert not await is_live(task_run.pool, task_run.task, 1)
    assert (await ask(task_run, "x", limits=none)).verdict == "not_live"
    assert (await ask(task_run, "x", attempt=2)).verdict == "ok"
    assert (await spent(task_run.pool, task_run.task)).requests == 1


@pytest.mark.parametrize(
    ("limit", "verdict", "output"),
    [
        (Limit(), "ok", 50),
        (Limit(Decimal("0.06"), 150), "ok", 50),
        (Limit(usd=Decimal("0.0499")), "ok", 39),
        (Limit(tokens=149), "ok", 49),
        (Limit(Decimal("0.03"), 130), "ok", 20),
        (Limit(tokens=101), "ok", 1),
        (Limit(tokens=100), "budget_tokens", 0),
        (Limit(usd=Decimal("0.0109")), "budget_usd", 0),
        (Limit(usd=Decimal(0)), "budget_usd", 0),
        (Limit(tokens=0), "budget_tokens", 0),
        (Limit(Decimal(0), 0), "budget_usd", 0),
    ],
)
async def test_output_is_capped_to_what_is_left(task_run: Run, limit: Limit, verdict: str, output: int) -> None:
    """The input must fit whole, and at least one token of output; the tightest bound caps it."""
    outcome = await ask(task_run, "a", limits=Limits(limit))
    assert (outcome.verdict, outcome.output_tokens) == (verdict, output)


async def test_a_free_model_has_no_use_for_dollars(task_run: Run) -> None:
    """What costs nothing is not capped by dollars, but a budget of nothing allows nothing."""
    free = Asked(input_tokens=100, input_usd=Decimal(0), output_tokens=50, output_usd=Decimal(0))
    assert (await ask(task_run, "a", free, Limits(Limit(CENT)))).output_tokens == 50
    assert (await ask(task_run, "b", free, Limits(Limit(Decimal(0))))).verdict == "budget_usd"


async def test_what_cannot_use_little_gets_all_or_nothing(task_run: Run) -> None:
    """A request says with how few tokens of output it is of no use."""
    asked = replace(ASKED, output_tokens=2_000, fewest_output=1_025)
    assert (await ask(task_run, "a", asked, Limits(Limit(tokens=1_124)))).verdict == "budget_tokens"
    assert (await ask(task_run, "b", asked, Limits(Limit(tokens=1_125)))).output_tokens == 1_025


async def test_one_request_takes_at_most_half_of_much(task_run: Run) -> None:
    """While more than the ample output is left, a request leaves half of it: a cut stream does not end a task."""
    greedy, limits = replace(ASKED, output_tokens=100_000), Limits(Limit(tokens=40_000))
    capped = [(await ask(task_run, str(number), greedy, limits)).output_tokens for number in range(5)]
    assert capped == [19_950, 9_925, 4_912, 4_096, 617]


async def test_days_are_of_the_skill_and_of_the_tenant(task_run: Run) -> None:
    """Each budget counts its own scope's requests, is named in the refusal, and renews at midnight UTC."""
    day = Limits(skill_day=Limit(usd=Decimal("0.10")), tenant_day=Limit(tokens=400))
    assert (await ask(task_run, "a", limits=day)).verdict == "ok"
    refused = await ask(task_run, "b", replace(ASKED, fewest_output=50), day)
    assert (refused.verdict, refused.unit, refused.left) == ("budget_skill_day", "usd", Decimal("0.04"))
    midnight = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert refused.renews_at == midnight
    assert (await ask(task_run, "c", limits=day, skill="other")).verdict == "ok"
    refused = await ask(task_run, "d", limits=day, skill="third")
    assert (refused.verdict, refused.unit, refused.left) == ("budget_tenant_day", "tokens", Decimal(100))
    assert (await ask(task_run, "e", limits=day, skill="third", tenant="neighbour")).verdict == "ok"


async def test_yesterdays_spending_is_yesterdays(task_run: Run) -> None:
    """A request that was reserved the day before is settled there, and takes nothing from today."""
    day = Limits(tenant_day=Limit(tokens=150))
    await ask(task_run, "a", limits=day)
    for table in ("spend", "totals"):
        await task_run.pool.execute(f"update gateway.{table} set day = day - 1 where day <> 'epoch'")
    assert (await ask(task_run, "b", limits=day)).verdict == "ok"
    await pay(task_run, "a", "0.01")
    rows = await task_run.pool.fetch("select tokens from gateway.totals where scope = 'tenant' order by day")
    assert [row["tokens"] for row in rows] == [113, 150]


async def test_a_refusal_says_whether_others_hold_the_rest(task_run: Run) -> None:
    """What requests under way have reserved may come back; what a killed gateway reserved long ago does not."""
    limits = Limits(Limit(tokens=200))
    asked = replace(ASKED, fewest_output=50)
    await ask(task_run, "a", asked, limits)
    refused = await ask(task_run, "b", asked, limits)
    assert (refused.held, int(refused.left), int(refused.underway)) == (True, 50, 150)
    assert not (await ask(task_run, "b", replace(asked, input_tokens=200), limits)).held
    await task_run.pool.execute("update gateway.spend set at = at - interval '6 minutes'")
    assert not (await ask(task_run, "b", asked, limits)).held


async def test_no_number_of_requests_at_once_passes_a_budget(task_run: Run) -> None:
    """Reserved and settled at the same time over many connections, three scopes stay within bounds and add up."""
    limits = Limits(Limit(usd=Decimal("0.50")), Limit(tokens=1_400), Limit(usd=Decimal("0.70")))
    most: list[Decimal] = []

    async def go(number: int) -> str:
        outcome = await ask(task_run, str(number), limits=limits)
        most.append((await spent(task_run.pool, task_run.task)).usd)
        if outcome.verdict == "ok" and number % 3:
            await pay(task_run, str(number), "0.01", tokens=20)
        elif outcome.verdict == "ok" and number % 2:
            await release_spend(task_run.pool, task_run.task, str(number))
        return outcome.verdict

    verdicts = await asyncio.gather(*(go(number) for number in range(200)))
    assert set(verdicts) <= {"ok", "budget_usd", "budget_skill_day"}
    assert verdicts.count("ok") > 8
    assert max(most) <= Decimal("0.50")
    spend = await spent(task_run.pool, task_run.task)
    assert await totals(task_run.pool) == dict.fromkeys(("task", "skill", "tenant"), (spend.usd, spend.tokens))


async def test_tasks_are_summed_together(task_run: Run) -> None:
    """A day's or a trigger's spending is that of its tasks."""
    await ask(task_run, "a")
    await pay(task_run, "a", "0.25")
    await ask(task_run, "b")
    assert await spent_by(task_run.pool, [task_run.task, uuid4()]) == Decimal("0.31")
