"""How full the ledger is, for metrics, `agent-engine tasks` and what scales workers."""

from dataclasses import dataclass

from agent_stores.pool import Executor


@dataclass(frozen=True)
class PoolCount:
    """Tasks of one pool in one state that is not final."""

    pool: str
    state: str
    tasks: int
    due: int
    oldest_due_seconds: float


@dataclass(frozen=True)
class Overview:
    """What waits: tasks by pool and state, held slots, results on their way out and those given up."""

    pools: list[PoolCount]
    slots: int
    outbox_waiting: int
    outbox_oldest_seconds: float
    outbox_failed: int


async def overview(executor: Executor) -> Overview:
    """Count what is not final; the age of the oldest queued task counts from when it was due."""
    pools = await executor.fetch(
        """
        select pool, state, count(*) as tasks, count(*) filter (where not_before <= clock_timestamp()) as due,
            coalesce(extract(epoch from max(clock_timestamp() - not_before)
                filter (where not_before <= clock_timestamp())), 0)::float8 as oldest_due_seconds
        from ledger.tasks where state in ('queued', 'running', 'waiting') group by pool, state order by pool, state
        """
    )
    row = await executor.fetchrow(
        """
        select (select count(*) from ledger.slots) as slots, o.*
        from (
            select count(*) filter (where delivered_at is null and failed_at is null) as outbox_waiting,
                greatest(0, extract(epoch from max(clock_timestamp() - due_at)
                    filter (where delivered_at is null and failed_at is null)))::float8 as outbox_oldest_seconds,
                count(*) filter (where failed_at is not null) as outbox_failed
            from ledger.outbox where delivered_at is null
        ) o
        """
    )
    assert row is not None
    return Overview([PoolCount(**pool) for pool in pools], **row)
