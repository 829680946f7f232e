"""Finds tasks whose lease, attempts or deadline ran out, or that were cancelled, and moves them on.

Every claim sweeps first, so that any living worker frees what a dead one held, whatever its own skills.
"""

from collections.abc import Awaitable, Callable
from typing import Literal

import asyncpg
from agent_contracts import Reason, TaskResult
from agent_contracts.event import RetryEvent
from agent_stores.pool import Connection

from agent_ledger.completion import append_event, end

BATCH = 20
Complete = Callable[[TaskResult], Awaitable[TaskResult]]
"""Adds to a result that no worker is left to write what only others know: cost, usage and effects."""


OUTCOMES: dict[str, tuple[Reason, str]] = {
    "cancelled": ("cancelled", "cancelled before the next attempt"),
    "deadline": ("deadline", "the deadline was over before an attempt could end the task"),
    "crashed": ("crashed", "the lease of the last attempt ran out: its worker died or lost the database"),
}


async def reap(connection: Connection, complete: Complete | None = None) -> int:
    """Move on a bounded number of tasks inside a transaction; give how many."""
    freed = await _requeue_expired(connection)
    for row in freed:
        lost = RetryEvent(reason="crashed", after_seconds=0, message="the lease ran out: its worker died or stalled")
        await append_event(connection, row["id"], row["attempt"], lost)
    doomed = await _lock_terminal(connection)
    for row in doomed:
        reason, message = OUTCOMES[row["why"]]
        status: Literal["cancelled", "failed"] = "cancelled" if reason == "cancelled" else "failed"
        result = TaskResult(task_id=row["id"], status=status, reason=reason, message=message, attempts=row["attempt"])
        result = await complete(result) if complete else result
        await end(connection, row["id"], row["attempt"], result, fenced=False)
    return len(freed) + len(doomed)


async def _requeue_expired(connection: Connection) -> list[asyncpg.Record]:
    """Queue again what runs under a lease that is over and has attempts left; wake workers for it."""
    return await connection.fetch(
        """
        with freed as (
            update ledger.tasks set state = 'queued', lease_until = null
            where id in (
                select id from ledger.tasks
                where state = 'running' and lease_until <= now() and attempt < max_attempts
                    and cancel_requested_at is null and (deadline is null or deadline > now())
                limit $1 for update skip locked)
            returning id, attempt, pool
        )
        select id, attempt, pg_notify('ledger_queued', pool) from freed
        """,
        BATCH,
    )


async def _lock_terminal(connection: Connection) -> list[asyncpg.Record]:
    """Lock tasks without a next attempt: nobody runs them, and they are cancelled, late, or out of attempts."""
    return await connection.fetch(
        """
        select id, attempt, case
            when cancel_requested_at is not null then 'cancelled'
            when deadline <= now() then 'deadline' else 'crashed' end as why
        from ledger.tasks
        where state = 'queued' and (deadline <= now() or cancel_requested_at is not null)
            or state = 'running' and lease_until <= now()
                and (attempt >= max_attempts or cancel_requested_at is not null or deadline <= now())
        limit $1 for update skip locked
        """,
        BATCH,
    )
