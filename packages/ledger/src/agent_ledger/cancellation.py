"""Cancels tasks: one that nobody runs ends at once; the holder of a running one is told."""

from enum import StrEnum
from uuid import UUID

from agent_contracts import TaskResult, TaskState
from agent_stores.pool import Executor, transaction

from agent_ledger.completion import end


class CancelOutcome(StrEnum):
    """What came of a wish to cancel."""

    cancelled = "cancelled"
    requested = "requested"
    already_final = "already_final"
    not_found = "not_found"


async def cancel(executor: Executor, task_id: UUID, *, tenant: str | None, by: str) -> CancelOutcome:
    """Cancel a task of a tenant, or of any for None; `by` is kept with the row where nobody asked before."""
    async with transaction(executor) as connection:
        row = await connection.fetchrow(
            "select state, attempt from ledger.tasks where id = $1 and ($2::text is null or tenant = $2) for update",
            task_id,
            tenant,
        )
        if row is None:
            return CancelOutcome.not_found
        if TaskState(row["state"]).final:
            return CancelOutcome.already_final
        await connection.execute(
            """
            update ledger.tasks set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
                cancelled_by = coalesce(cancelled_by, $2)
            where id = $1
            """,
            task_id,
            by,
        )
        if row["state"] == TaskState.running:
            await connection.execute("select pg_notify('ledger_cancel', $1)", str(task_id))
            return CancelOutcome.requested
        result = TaskResult(task_id=task_id, status="cancelled", reason="cancelled", message=f"cancelled by {by}")
        await end(connection, task_id, row["attempt"], result, fenced=False)
        return CancelOutcome.cancelled
