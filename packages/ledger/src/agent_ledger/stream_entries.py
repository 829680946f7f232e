"""Which stream entries asked for which task, so that each gets its result. Owns table `ledger.entries`."""

from uuid import UUID

from agent_contracts import TaskState
from agent_stores.pool import Connection, Executor

from agent_ledger.completion import enqueue_replies


async def record_entry(connection: Connection, tenant: str, stream: str, entry: str, task_id: UUID) -> None:
    """Note once that a stream entry asked for a task; if the task is final already, its result goes out for the entry.

    The task cannot end while the transaction lasts.
    """
    state = TaskState(await connection.fetchval("select state from ledger.tasks where id = $1 for share", task_id))
    await connection.execute(
        """
        insert into ledger.entries (tenant, stream, entry, task_id) values ($1, $2, $3, $4) on conflict do nothing
        """,
        tenant,
        stream,
        entry,
        task_id,
    )
    if state.final:
        await enqueue_replies(connection, task_id)


async def task_of_entry(executor: Executor, tenant: str, stream: str, entry: str) -> UUID | None:
    """Find the task that a stream entry asked for."""
    found: UUID | None = await executor.fetchval(
        "select task_id from ledger.entries where tenant = $1 and stream = $2 and entry = $3", tenant, stream, entry
    )
    return found
