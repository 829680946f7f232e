"""Deletes old rows of schema `gateway`: those of tasks that are gone, those of services, and the totals of past days.

Rows of today (UTC) always stay, because limits and budgets of a day count them.
"""

from dataclasses import dataclass
from datetime import timedelta

from agent_stores.pool import Executor

BATCH = 5000
OLD = "least(clock_timestamp() - $1::interval, date_trunc('day', clock_timestamp(), 'UTC'))"
OURS = "($2::text is null or r.tenant = $2)"
GONE = "not exists (select from ledger.outcome(r.task_id))"
CALLS = (
    "($2::text is null or exists (select from gateway.totals t where t.tenant = $2 and t.scope = 'task'"
    " and t.key = r.task_id::text))"
)
"""A call has no tenant of its own; its task's total has."""
OLD_ROWS = {
    "effects": f"r.settled_at < {OLD} and {OURS} and (r.task_id is null or {GONE})",
    "spend": f"r.at < {OLD} and {OURS} and {GONE}",
    "tool_calls": f"r.at < {OLD} and {CALLS} and {GONE}",
    "totals": f"{OURS} and case r.scope when 'task' then not exists (select from ledger.outcome(r.key::uuid))"
    f" else r.day < ({OLD} at time zone 'UTC')::date end",
}


@dataclass(frozen=True)
class PruneCounts:
    """How many rows were deleted."""

    effects: int
    spend: int
    tool_calls: int
    totals: int


async def prune(conn: Executor, older_than: timedelta, *, tenant: str | None = None) -> PruneCounts:
    """Delete rows that are older than this and belong to no task, or to a task that the ledger no longer has.

    Only settled effects are deleted. Their keys go with them, so that a repeat is then a new write. Without a tenant,
    rows of all go. With a pool, each batch is a transaction of its own.
    """
    return PruneCounts(**{table: await _clear(conn, table, old, older_than, tenant) for table, old in OLD_ROWS.items()})


async def _clear(conn: Executor, table: str, old: str, older_than: timedelta, tenant: str | None) -> int:
    rows = 0
    while True:
        status = await conn.execute(
            f"""
            delete from gateway.{table} where ctid = any(array(
                select r.ctid from gateway.{table} r where {old} limit {BATCH} for update skip locked))
            """,  # noqa: S608  # the parts are this module's own
            older_than,
            tenant,
        )
        rows += (count := int(status.rpartition(" ")[2]))
        if count < BATCH:
            return rows
