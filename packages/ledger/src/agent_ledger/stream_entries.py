"""Which stream entries asked for which task, so that each gets its result. Owns table `ledger.entries`."""

from uuid import UUID

from agent_ledger.completion import enqueue_replies
from agent_ledger.connection import Connection, Executor


async def record_entry(connection: Connection, tenant: str, stream: str, entry: str, task_id: UUID) -> None:
    """Note that a stream entry asked for a task; if the task is final already, its result goes out for the entry."""
    state = await hold_state(connection, task_id)
    await insert_entry(connection, tenant, stream, entry, task_id)
    if state in ("succeeded", "failed", "cancelled", "rejected"):
        await enqueue_replies(connection, task_id)


async def hold_state(connection: Connection, task_id: UUID) -> str | None:
    """Return a task's state, and keep it from ending while the transaction lasts."""
    state: str | None = await connection.fetchval("select state from ledger.tasks where id = $1 for share", task_id)
    return state


async def insert_entry(connection: Connection, tenant: str, stream: str, entry: str, task_id: UUID) -> None:
    """Insert an entry once, however often it is drained."""
    await connection.execute(
        """
        insert into ledger.entries (tenant, stream, entry, task_id) values ($1, $2, $3, $4) on conflict do nothing
        """,
        tenant,
        stream,
        entry,
        task_id,
    )


async def task_of_entry(executor: Executor, tenant: str, stream: str, entry: str) -> UUID | None:
    """Find the task that a stream entry asked for."""
    found: UUID | None = await executor.fetchval(
        "select task_id from ledger.entries where tenant = $1 and stream = $2 and entry = $3", tenant, stream, entry
    )
    return found
