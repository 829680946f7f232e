"""Finds tasks whose lease, attempts or deadline ran out, or that were cancelled, and moves them on.

Every claim sweeps first, so that any living worker frees what a dead one held, whatever its own skills.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from agent_contracts import Reason, TaskResult
from agent_contracts.event import RetryEvent

from agent_ledger.completion import append_event, end
from agent_ledger.connection import Connection

BATCH = 20
Complete = Callable[[TaskResult], Awaitable[TaskResult]]
"""Adds to a result that no worker is left to write what only others know: cost, usage and effects."""


@dataclass(frozen=True)
class TerminalTask:
    """A task that has no next attempt, and why; its row is locked."""

    id: UUID
    attempt: int
    why: str

    def result(self) -> TaskResult:
        """Return the result that says so."""
        reason, message = OUTCOMES[self.why]
        status = "cancelled" if reason == "cancelled" else "failed"
        return TaskResult(task_id=self.id, status=status, reason=reason, message=message, attempts=self.attempt)


OUTCOMES: dict[str, tuple[Reason, str]] = {
    "cancelled": ("cancelled", "cancelled before the next attempt"),
    "deadline": ("deadline", "the deadline was over before an attempt could end the task"),
    "crashed": ("crashed", "the lease of the last attempt ran out: its worker died or lost the database"),
}


async def reap(connection: Connection, complete: Complete | None = None) -> int:
    """Move on a bounded number of tasks inside a transaction; give how many."""
    freed = await requeue_expired(connection)
    for task_id, attempt in freed:
        lost = RetryEvent(reason="crashed", after_seconds=0, message="the lease ran out: its worker died or stalled")
        await append_event(connection, task_id, attempt, lost)
    doomed = await lock_terminal(connection)
    for task in doomed:
        result = task.result()
        await end(connection, task.id, task.attempt, await complete(result) if complete else result, fenced=False)
    return len(freed) + len(doomed)


async def requeue_expired(connection: Connection) -> list[tuple[UUID, int]]:
    """Queue again what runs under a lease that is over and has attempts left; wake workers for it."""
    rows = await connection.fetch(
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
    return [(row["id"], row["attempt"]) for row in rows]


async def lock_terminal(connection: Connection) -> list[TerminalTask]:
    """Lock tasks without a next attempt: nobody runs them, and they are cancelled, late, or out of attempts."""
    rows = await connection.fetch(
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
    return [TerminalTask(**row) for row in rows]
