"""Clears what is old: final tasks with all that hangs on them, then blobs that nothing uses."""

from dataclasses import dataclass
from datetime import timedelta

from agent_stores.pool import Executor

BATCH = 500
TASKS = """
    delete from ledger.tasks where id in (
        select t.id from ledger.tasks t
        where t.finished_at < clock_timestamp() - $1::interval and ($2::text is null or t.tenant = $2)
            and not exists (
                select from ledger.outbox o where o.task_id = t.id and o.delivered_at is null and o.failed_at is null)
        order by t.finished_at limit $3 for update of t skip locked)
"""
"""Events, results, attachments and outbox rows go with their tasks."""
BLOBS = """
    delete from ledger.blobs where (tenant, sha256) in (
        select b.tenant, b.sha256 from ledger.blobs b
        where b.used_at < clock_timestamp() - $1::interval and ($2::text is null or b.tenant = $2)
            and not exists (select from ledger.attachments a where a.tenant = b.tenant and a.sha256 = b.sha256)
        order by b.used_at limit $3 for update of b skip locked)
"""


@dataclass(frozen=True)
class PruneCounts:
    """What was deleted."""

    tasks: int
    blobs: int


async def prune(executor: Executor, older_than: timedelta, *, tenant: str | None = None) -> PruneCounts:
    """Delete final tasks that ended longer ago than this, and blobs unused for as long, of one tenant or of all.

    A task whose result is still on its way out is kept. With a pool, each batch is a transaction of its own.
    """
    tasks = await _clear(executor, TASKS, older_than, tenant)
    return PruneCounts(tasks, await _clear(executor, BLOBS, older_than, tenant))


async def _clear(executor: Executor, statement: str, older_than: timedelta, tenant: str | None) -> int:
    deleted = 0
    while True:
        status = await executor.execute(statement, older_than, tenant, BATCH)
        count = int(status.rpartition(" ")[2])
        if count == 0:
            return deleted
        deleted += count
