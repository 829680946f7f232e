"""A request whose cost nobody said is settled at an estimate, told as one, which the true cost replaces."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest
from agent_effects import (
    Asked,
    Limits,
    checkpoint_spend,
    estimate_open,
    estimate_spend,
    model_api_instances,
    release_spend,
    reserve,
    settle_spend,
    spent,
)
from agent_effects.model_api_instances import beat, settle_for_the_dead, withdraw
from fixtures.task_runs import Run

ASKED = Asked(input_tokens=1_000, input_usd=Decimal("0.01"), output_tokens=5_000, output_usd=Decimal("0.00001"))
"""Comes to 6,000 tokens and 0.06 dollars at most."""
STREAMED = replace(ASKED, output_per_second=100)
SEEN = {"input_tokens": 200, "output_tokens": 90, "cache_read_tokens": 10, "cache_write_tokens": 0}


async def ask(
    run: Run, request: str, instance: UUID | None = None, *, model: str = "sample", asked: Asked = ASKED
) -> None:
    """Reserve for a request that an instance sends."""
    done = await reserve(
        run.pool,
        task=run.task,
        attempt=run.attempt,
        tenant="default",
        skill="sample",
        model=model,
        request_id=request,
        asked=asked,
        limits=Limits(),
        instance=instance,
    )
    assert done.verdict == "ok"


async def totals(pool: asyncpg.Pool) -> set[tuple[Decimal, int]]:
    """Give the sums of all scopes, which are one where they agree."""
    rows = await pool.fetch("select sum(usd) as usd, sum(tokens)::bigint as tokens from gateway.totals group by scope")
    return {(row["usd"], row["tokens"]) for row in rows}


async def later(pool: asyncpg.Pool, seconds: float, *who: UUID) -> None:
    """Let time pass for instances, and for what is reserved."""
    await pool.execute(
        "update gateway.instances set seen_at = seen_at - make_interval(secs => $1) where id = any($2::uuid[])",
        seconds,
        list(who),
    )
    await pool.execute("update gateway.spend set at = at - make_interval(secs => $1)", seconds)


async def test_the_last_checkpoint_is_the_estimate(task_run: Run) -> None:
    """What was seen last is settled in every sum, told as an estimate, and a checkpoint after that changes nothing."""
    await ask(task_run, "a")
    for usd in ("0.001", "0.003"):
        await checkpoint_spend(task_run.pool, task_run.task, "a", usd=Decimal(usd), **SEEN)
    assert (await spent(task_run.pool, task_run.task)).usd == Decimal("0.06")
    assert await estimate_spend(task_run.pool, task_run.task, "a")
    assert not await estimate_spend(task_run.pool, task_run.task, "a")
    await checkpoint_spend(task_run.pool, task_run.task, "a", usd=Decimal("0.05"), **SEEN)
    spend = await spent(task_run.pool, task_run.task)
    assert (spend.usd, spend.estimated_usd, spend.tokens, spend.open) == (Decimal("0.003"), Decimal("0.003"), 300, 0)
    assert await totals(task_run.pool) == {(spend.usd, spend.tokens)}


async def test_an_estimate_is_at_most_the_reservation(task_run: Run) -> None:
    """A checkpoint that comes to more than was reserved costs what was reserved."""
    await ask(task_run, "a")
    await checkpoint_spend(task_run.pool, task_run.task, "a", usd=Decimal("7"), **SEEN)
    await estimate_spend(task_run.pool, task_run.task, "a")
    assert (await spent(task_run.pool, task_run.task)).usd == Decimal("0.06")


async def test_without_a_checkpoint_others_of_the_skill_say_how_far_the_bound_is_above(task_run: Run) -> None:
    """The input counts as the densest of the skill's requests to the model and a quarter more, else as its bound."""
    await ask(task_run, "first")
    await estimate_spend(task_run.pool, task_run.task, "first")
    assert (await spent(task_run.pool, task_run.task)).usage.input_tokens == 1_000
    for request, tokens in (("b", 100), ("c", 160)):
        await ask(task_run, request)
        await settle_spend(
            task_run.pool, task_run.task, request, usd=Decimal("0.001"), input_tokens=tokens, cache_read_tokens=40
        )
    before = await spent(task_run.pool, task_run.task)
    await ask(task_run, "cut")
    await estimate_spend(task_run.pool, task_run.task, "cut")
    after = await spent(task_run.pool, task_run.task)
    assert after.usage.input_tokens - before.usage.input_tokens == 250
    assert after.usd - before.usd == Decimal("0.0525")
    await ask(task_run, "other", model="another")
    await estimate_spend(task_run.pool, task_run.task, "other")
    assert (await spent(task_run.pool, task_run.task)).usage.input_tokens - after.usage.input_tokens == 1_000


@pytest.mark.parametrize(("seconds", "output"), [(0, 200), (3, 500), (3_600, 5_000)])
async def test_a_stream_that_never_began_wrote_no_more_than_it_had_time_for(
    task_run: Run, seconds: float, output: int
) -> None:
    """Its output counts by the model's speed until now and for two seconds more, at most all that was reserved."""
    await ask(task_run, "a", asked=STREAMED)
    await later(task_run.pool, seconds)
    await estimate_spend(task_run.pool, task_run.task, "a")
    spend = await spent(task_run.pool, task_run.task)
    assert output <= spend.usage.output_tokens < output + 100
    assert spend.usd == Decimal("0.01") + spend.usage.output_tokens * STREAMED.output_usd
    assert await totals(task_run.pool) == {(spend.usd, spend.tokens)}


async def test_without_a_checkpoint_the_reserved_output_of_what_is_no_stream_is_the_estimate(task_run: Run) -> None:
    """Nobody knows how much a model wrote unseen: at once, or after an hour, all that it was allowed counts."""
    for n, seconds in enumerate((0, 3_600), 1):
        await ask(task_run, str(n))
        await later(task_run.pool, seconds)
        await estimate_spend(task_run.pool, task_run.task, str(n))
        spend = await spent(task_run.pool, task_run.task)
        assert (spend.usage.output_tokens, spend.usd) == (5_000 * n, Decimal("0.06") * n)


@pytest.mark.parametrize("end", ["true cost", "nothing"])
async def test_the_true_cost_replaces_an_estimate_and_never_adds(task_run: Run, end: str) -> None:
    """An instance that was taken for dead settles once, in the estimate's place; another estimate changes nothing."""
    await ask(task_run, "a")
    await estimate_spend(task_run.pool, task_run.task, "a")
    assert not await settle_spend(task_run.pool, task_run.task, "a", usd=Decimal("0.05"), estimated=True)
    if end == "nothing":
        settled = [await release_spend(task_run.pool, task_run.task, "a") for _ in range(2)]
    else:
        settled = [await settle_spend(task_run.pool, task_run.task, "a", usd=Decimal("0.004")) for _ in range(2)]
    assert settled == [True, False]
    spend = await spent(task_run.pool, task_run.task)
    assert (float(spend.usd), float(spend.estimated_usd)) == (0.004 if end == "true cost" else 0, 0)
    assert await totals(task_run.pool) == {(spend.usd, spend.tokens)}


async def test_the_dead_are_settled_for_and_the_living_are_not(task_run: Run) -> None:
    """By PostgreSQL's clock alone: who says that it lives keeps what it reserved, however long its request takes."""
    dead, living = uuid4(), uuid4()
    for instance in (dead, living):
        await beat(task_run.pool, instance)
        await ask(task_run, str(instance), instance)
    assert await settle_for_the_dead(task_run.pool) == 0
    await later(task_run.pool, model_api_instances.DEAD_SECONDS + 1, dead)
    assert sorted(await asyncio.gather(*(settle_for_the_dead(task_run.pool) for _ in range(3)))) == [0, 0, 1]
    assert (await spent(task_run.pool, task_run.task)).open == 1
    await withdraw(task_run.pool, living)
    assert await settle_for_the_dead(task_run.pool) == 1
    assert (await spent(task_run.pool, task_run.task)).open == 0


async def test_nobody_is_judged_before_all_had_time_to_say_that_they_live(pool: asyncpg.Pool) -> None:
    """A new instance, and one that was silent itself as in an outage, judges only after so long of its own beats."""
    judge = uuid4()
    assert not await beat(pool, judge)
    await pool.execute("update gateway.instances set steady_since = steady_since - interval '1 minute'")
    assert await beat(pool, judge)
    await later(pool, model_api_instances.DEAD_SECONDS + 1, judge)
    assert not await beat(pool, judge)


async def test_a_task_that_has_ended_leaves_nothing_open(task_run: Run) -> None:
    """What it left open is settled at estimates, whoever sent it."""
    await ask(task_run, "a", uuid4())
    await ask(task_run, "b")
    await estimate_open(task_run.pool, task_run.task)
    spend = await spent(task_run.pool, task_run.task)
    assert (spend.open, spend.estimated_usd) == (0, spend.usd)
