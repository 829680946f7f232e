"""Cancels tasks: one that nobody runs ends at once; the holder of a running one is told."""

from enum import StrEnum
from uuid import UUID

from agent_contracts import TaskResult

from agent_ledger.completion import end
from agent_ledger.connection import Connection, Executor, transaction


class CancelOutcome(StrEnum):
    """What came of a wish to cancel."""

    cancelled = "cancelled"
    requested = "requested"
    already_final = "already_final"
    not_found = "not_found"


async def cancel(executor: Executor, task_id: UUID, *, tenant: str | None, by: str) -> CancelOutcome:
    """Cancel a task.

    Args:
        executor: where to write.
        task_id: the task.
        tenant: whose task it must be; None for the operator, who may cancel any.
        by: who asked, kept with the row.
    """
    async with transaction(executor) as connection:
        found = await lock(connection, task_id, tenant)
        if found is None:
            return CancelOutcome.not_found
        state, attempt = found
        if state == "running":
            await request(connection, task_id, by)
            return CancelOutcome.requested
        if state not in ("queued", "waiting"):
            return CancelOutcome.already_final
        await note(connection, task_id, by)
        result = TaskResult(task_id=task_id, status="cancelled", reason="cancelled", message=f"cancelled by {by}")
        await end(connection, task_id, attempt, result, fenced=False)
        return CancelOutcome.cancelled


async def lock(connection: Connection, task_id: UUID, tenant: str | None) -> tuple[str, int] | None:
    """Lock a task's row and give its state and attempt."""
    row = await connection.fetchrow(
        "select state, attempt from ledger.tasks where id = $1 and ($2::text is null or tenant = $2) for update",
        task_id,
        tenant,
    )
    return (row["state"], row["attempt"]) if row else None


async def note(connection: Connection, task_id: UUID, by: str) -> None:
    """Keep who first asked for a task to be cancelled."""
    await connection.execute(
        """
        update ledger.tasks set cancel_requested_at = clock_timestamp(), cancelled_by = $2
        where id = $1 and cancel_requested_at is null
        """,
        task_id,
        by,
    )


async def request(connection: Connection, task_id: UUID, by: str) -> None:
    """Flag a running task, and tell its holder."""
    await connection.execute(
        """
        with flagged as (
            update ledger.tasks set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
                cancelled_by = coalesce(cancelled_by, $2)
            where id = $1 returning id
        )
        select pg_notify('ledger_cancel', id::text) from flagged
        """,
        task_id,
        by,
    )
