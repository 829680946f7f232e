"""Clears what is old: final tasks with all that hangs on them, then blobs that nothing uses."""

from dataclasses import dataclass
from datetime import timedelta

from agent_ledger.connection import Executor

BATCH = 500


@dataclass(frozen=True)
class PruneCounts:
    """What was deleted."""

    tasks: int
    blobs: int


async def prune(executor: Executor, older_than: timedelta, *, tenant: str | None = None) -> PruneCounts:
    """Delete final tasks that ended longer ago than this, and blobs unused for as long.

    A task whose result is still on its way out is kept.

    Args:
        executor: where to delete; with a pool, each batch is a transaction of its own.
        older_than: the age from which things go.
        tenant: only this tenant's; None for every tenant's.
    """
    tasks = blobs = 0
    while (count := await prune_tasks(executor, older_than, tenant)) > 0:
        tasks += count
    while (count := await prune_blobs(executor, older_than, tenant)) > 0:
        blobs += count
    return PruneCounts(tasks, blobs)


async def prune_tasks(executor: Executor, older_than: timedelta, tenant: str | None) -> int:
    """Delete a batch of old final tasks; their events, results, attachments and outbox rows go with them."""
    return _count(
        await executor.execute(
            """
            delete from ledger.tasks where id in (
                select t.id from ledger.tasks t
                where t.finished_at < clock_timestamp() - $1::interval and ($2::text is null or t.tenant = $2)
                    and not exists (
                        select from ledger.outbox o
                        where o.task_id = t.id and o.delivered_at is null and o.failed_at is null)
                order by t.finished_at limit $3 for update of t skip locked)
            """,
            older_than,
            tenant,
            BATCH,
        )
    )


async def prune_blobs(executor: Executor, older_than: timedelta, tenant: str | None) -> int:
    """Delete a batch of old blobs that nothing is attached to."""
    return _count(
        await executor.execute(
            """
            delete from ledger.blobs where (tenant, sha256) in (
                select b.tenant, b.sha256 from ledger.blobs b
                where b.used_at < clock_timestamp() - $1::interval and ($2::text is null or b.tenant = $2)
                    and not exists (
                        select from ledger.attachments a where a.tenant = b.tenant and a.sha256 = b.sha256)
                order by b.used_at limit $3 for update of b skip locked)
            """,
            older_than,
            tenant,
            BATCH,
        )
    )


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
