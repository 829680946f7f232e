"""Spending, in table `gateway.spend`: what the model cost each task, a row a request, and whether it may go on."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

from agent_contracts import Budget, Usage
from agent_stores.pool import Executor

MaySpend = Literal["ok", "budget_usd", "budget_tokens", "not_live"]


@dataclass(frozen=True)
class Spend:
    """What a task has spent over all its attempts."""

    usd: Decimal
    tokens: int
    requests: int
    usage: Usage


async def record_spend(
    conn: Executor,
    *,
    task: UUID,
    attempt: int,
    tenant: str,
    model: str,
    request_id: str,
    usd: Decimal,
    input_tokens: int = 0,
    output_tokens: int = 0,
    cache_read_tokens: int = 0,
    cache_write_tokens: int = 0,
) -> bool:
    """Record what a request cost; False where this request of this task is recorded already.

    No fence: what was spent before the lease ended is spent, whoever runs the task now.

    Args:
        conn: a connection or a pool.
        task: the task that asked.
        attempt: its attempt that asked.
        tenant: whose task it is.
        model: the model as it was priced.
        request_id: what tells this request from the task's others.
        usd: its price.
        input_tokens: tokens neither read from nor written to the cache.
        output_tokens: tokens that the model wrote.
        cache_read_tokens: tokens read from the cache.
        cache_write_tokens: tokens written to the cache.
    """
    inserted = await conn.fetchval(
        """
        insert into gateway.spend (task_id, attempt, tenant, model, request_id, usd,
            input_tokens, output_tokens, cache_read_tokens, cache_write_tokens)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (task_id, request_id) do nothing
        returning true
        """,
        task,
        attempt,
        tenant,
        model,
        request_id,
        usd,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
    )
    return inserted is True


async def spent(conn: Executor, task: UUID) -> Spend:
    """Give what a task has spent so far; nothing where it never asked."""
    row = await conn.fetchrow(
        """
        select coalesce(sum(usd), 0) as usd, coalesce(sum(tokens), 0)::bigint as tokens, count(*) as requests,
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
    )


async def spent_by(conn: Executor, tasks: Iterable[UUID]) -> Decimal:
    """Give the dollars that several tasks have spent together."""
    total: Decimal = await conn.fetchval(
        "select coalesce(sum(usd), 0) from gateway.spend where task_id = any($1::uuid[])", list(tasks)
    )
    return total


async def may_spend(conn: Executor, task: UUID, attempt: int, budget: Budget) -> MaySpend:
    """Say whether an attempt may ask the model: it holds its lease (the fence), and its task's budget is not used up.

    Tokens are counted as what was sent and received, the cache included. A budget's missing bound bounds nothing.
    """
    answer: MaySpend = await conn.fetchval(
        """
        select case
            when not ledger.live($1::uuid, $2::integer) then 'not_live'
            when coalesce(sum(usd), 0) >= $3::numeric then 'budget_usd'
            when coalesce(sum(tokens), 0) >= $4::bigint then 'budget_tokens'
            else 'ok' end
        from gateway.spend where task_id = $1
        """,
        task,
        attempt,
        budget.usd,
        budget.tokens,
    )
    return answer
