"""Spending, in `gateway.spend` (a row for each model request) and `gateway.totals` (sums by task, skill and tenant).

A request's highest possible cost is reserved, behind the fence, before it is sent, and is settled once after it. Where
its true cost is not known it is settled at an estimate, which the true cost may still replace.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import asyncpg
from agent_contracts import Usage
from agent_stores.pool import Executor

Verdict = Literal["ok", "not_live", "budget_usd", "budget_tokens", "budget_skill_day", "budget_tenant_day"]
AMPLE_OUTPUT = 4096
"""A request gets at most half of what is left beyond this many tokens: a cut stream must not use up a whole budget."""


@dataclass(frozen=True)
class Limit:
    """A budget. A missing bound does not limit."""

    usd: Decimal | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Limits:
    """All budgets that apply to a request. A day is a day of UTC, by PostgreSQL's clock."""

    task: Limit = Limit()
    skill_day: Limit = Limit()
    tenant_day: Limit = Limit()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request may use at most.

    Attributes:
        input_tokens: at least as many as the vendor will count.
        input_bound: the same by the request's bytes alone, where `input_tokens` rests on a count.
        input_usd: the price of `input_tokens` at the highest rate.
        output_tokens: as many as the request asks for.
        fewest_output: the fewest output tokens with which the request is of use.
        output_usd: the price of one output token.
        output_per_second: as many tokens as a reply that is a stream may write in a second; None for one that is none.
    """

    input_tokens: int
    input_usd: Decimal
    output_tokens: int
    fewest_output: int = 1
    output_usd: Decimal
    input_bound: int | None = None
    output_per_second: int | None = None


@dataclass(frozen=True)
class Reserved:
    """What became of a reservation.

    Attributes:
        verdict: `ok`, or why nothing is reserved.
        output_tokens: the cap of the request's output.
        usd: the reserved dollars.
        unit: the unit of the budget that is too small, `usd` or `tokens`.
        left: what is left of that budget.
        underway: how much of it requests under way have reserved.
        held: whether the budget would be large enough if that were released.
        renews_at: when that budget is full again; None for a task's.
    """

    verdict: Verdict
    output_tokens: int = 0
    usd: Decimal = Decimal(0)
    unit: Literal["usd", "tokens"] | None = None
    left: Decimal = Decimal(0)
    underway: Decimal = Decimal(0)
    held: bool = False
    renews_at: datetime | None = None


@dataclass(frozen=True)
class Spend:
    """What a task has spent over all its attempts. The reservations of its `open` requests are included.

    Of the dollars `estimated_usd` are estimates and reservations: the vendor has not said what those requests cost.
    """

    usd: Decimal
    tokens: int
    requests: int
    usage: Usage
    open: int = 0
    estimated_usd: Decimal = Decimal(0)


async def reserve(
    conn: Executor,
    *,
    task: UUID,
    attempt: int,
    tenant: str,
    skill: str,
    model: str,
    request_id: str,
    asked: Asked,
    limits: Limits,
    instance: UUID | None = None,
) -> Reserved:
    """Reserve the highest possible cost of a request. One statement checks the fence and every budget.

    Output is capped to what is left, so that no number of concurrent requests exceeds a budget.
    `request_id` identifies the request within the task, and `instance` is the model-api that sends it; see `instances`.
    """
    pairs = (limits.task, limits.skill_day, limits.tenant_day)
    most = [bound for limit in pairs for bound in (limit.usd, None if limit.tokens is None else Decimal(limit.tokens))]
    row = await conn.fetchrow(
        "select * from gateway.reserve_for($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        instance,
        asked.output_per_second,
        asked.input_bound or asked.input_tokens,
        task,
        attempt,
        tenant,
        skill,
        model,
        request_id,
        asked.input_tokens,
        asked.input_usd,
        asked.output_tokens,
        max(1, min(asked.fewest_output, asked.output_tokens)),  # without output the input must fit all the same
        AMPLE_OUTPUT,
        asked.output_usd,
        most,
    )
    assert row is not None
    return Reserved(
        verdict=row["verdict"],
        output_tokens=row["output"] or 0,
        usd=row["price"] or Decimal(0),
        unit=row["unit"],
        left=row["remains"] or Decimal(0),
        underway=row["underway"] or Decimal(0),
        held=bool(row["held"]),
        renews_at=row["renews_at"],
    )


async def settle_spend(
    conn: Executor,
    task: UUID,
    request_id: str,
    *,
    usd: Decimal,
    input_tokens: int = 0,
    output_tokens: int = 0,
    cache_read_tokens: int = 0,
    cache_write_tokens: int = 0,
    estimated: bool = False,
) -> bool:
    """Replace a reservation by the cost, or an estimate by the true cost. Return False if there is none any more.

    There is no fence: what was spent before the lease ended counts, whoever runs the task now.
    Input tokens are those neither read from nor written to the cache.
    """
    tokens = (input_tokens, output_tokens, cache_read_tokens, cache_write_tokens)
    return await _settle(conn, task, request_id, *tokens, usd, guessed=estimated)


async def checkpoint_spend(
    conn: Executor,
    task: UUID,
    request_id: str,
    *,
    usd: Decimal,
    input_tokens: int,
    output_tokens: int,
    cache_read_tokens: int,
    cache_write_tokens: int,
) -> None:
    """Keep what an open request comes to, should nobody be left to settle it; its reservation stays."""
    await conn.execute(
        """
        update gateway.spend set seen_usd = $3, seen_input = $4, seen_output = $5, seen_read = $6, seen_write = $7
        where task_id = $1 and request_id = $2 and state = 'reserved'
        """,
        task,
        request_id,
        usd,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
    )


async def release_spend(conn: Executor, task: UUID, request_id: str) -> bool:
    """Release the reservation of a request that cost nothing. Return False if there is none any more."""
    return await _settle(conn, task, request_id, None, None, None, None, None, guessed=False)


async def estimate_spend(conn: Executor, task: UUID, request_id: str) -> bool:
    """Settle a request whose cost is unknown at its last checkpoint. Return False if it is not open any more.

    Without a checkpoint the input is estimated by what the skill's other requests came to of their bounds. The output
    counts as what a stream may have written until now, and of a reply that is none as all that was reserved, since
    nobody knows how much a model wrote unseen. The reservation is the most.
    """
    estimated: bool = await conn.fetchval("select gateway.estimate_spend($1, $2)", task, request_id)
    return estimated


async def estimate_open(pool: asyncpg.Pool, task: UUID) -> None:
    """Settle at estimates what a task that has ended left open; where a request goes on, its true cost still counts."""
    rows = await pool.fetch("select request_id from gateway.spend where task_id = $1 and state = 'reserved'", task)
    for row in rows:  # one by one, as the order of locks demands
        await estimate_spend(pool, task, row["request_id"])


async def _settle(conn: Executor, task: UUID, request_id: str, *true: int | Decimal | None, guessed: bool) -> bool:
    settled: bool = await conn.fetchval(
        "select gateway.settle_spend($1, $2, $3, $4, $5, $6, $7, $8)", task, request_id, *true, guessed
    )
    return settled


async def is_live(conn: Executor, task: UUID, attempt: int) -> bool:
    """Say whether an attempt holds its lease: the fence for requests that cost nothing."""
    live: bool = await conn.fetchval("select ledger.live($1, $2)", task, attempt)
    return live


async def spent(conn: Executor, task: UUID) -> Spend:
    """Return what a task has spent so far; zeros if it made no request."""
    row = await conn.fetchrow(
        """
        select coalesce(sum(usd), 0) as usd, coalesce(sum(tokens), 0)::bigint as tokens, count(*) as requests,
            count(*) filter (where state = 'reserved') as open,
            coalesce(sum(usd) filter (where state = 'reserved' or estimated), 0) as estimated_usd,
            coalesce(sum(input_tokens), 0)::bigint as input_tokens,
            coalesce(sum(output_tokens), 0)::bigint as output_tokens,
            coalesce(sum(cache_read_tokens), 0)::bigint as cache_read_tokens,
            coalesce(sum(cache_write_tokens), 0)::bigint as cache_write_tokens
        from gateway.spend where task_id = $1
        """,
        task,
    )
    assert row is not None
    return Spend(
        usd=row["usd"],
        tokens=row["tokens"],
        requests=row["requests"],
        usage=Usage(
            input_tokens=row["input_tokens"],
            output_tokens=row["output_tokens"],
            cache_read_tokens=row["cache_read_tokens"],
            cache_write_tokens=row["cache_write_tokens"],
            requests=row["requests"],
        ),
        open=row["open"],
        estimated_usd=row["estimated_usd"],
    )


async def spent_by(conn: Executor, tasks: Iterable[UUID]) -> Decimal:
    """Return the dollars that several tasks have spent together."""
    total: Decimal = await conn.fetchval(
        "select coalesce(sum(usd), 0) from gateway.spend where task_id = any($1::uuid[])", list(tasks)
    )
    return total
