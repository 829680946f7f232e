"""What the holder of a lease may do besides ending its task: keep it, or hand it back.

PostgreSQL's clock alone counts.
"""

from dataclasses import dataclass
from uuid import UUID

from agent_contracts import Reason
from agent_contracts.event import RetryEvent
from agent_stores.pool import Executor, transaction

from agent_ledger.completion import append_event

MOST_ATTEMPTS = 50
"""The bound to which handing back without counting may raise a task's attempts."""


@dataclass(frozen=True)
class HeartbeatResult:
    """The answer to a heartbeat: whether the attempt is still live, and whether it should end itself."""

    live: bool
    cancel: bool


async def heartbeat(executor: Executor, task_id: UUID, attempt: int, lease_seconds: float) -> HeartbeatResult:
    """Extend a lease that is not over; a lease that is over never comes back."""
    cancel: bool | None = await executor.fetchval(
        """
        update ledger.tasks set lease_until = clock_timestamp() + make_interval(secs => $3)
        where id = $1 and attempt = $2 and state = 'running' and lease_until > clock_timestamp()
        returning cancel_requested_at is not null
        """,
        task_id,
        attempt,
        float(lease_seconds),
    )
    return HeartbeatResult(live=cancel is not None, cancel=bool(cancel))


async def requeue(
    executor: Executor,
    task_id: UUID,
    attempt: int,
    *,
    reason: Reason,
    message: str,
    after_seconds: float,
    counts: bool = True,
) -> bool:
    """Hand a task back for its next attempt, after a pause; the attempt's last event is then a `retry`.

    Gives False, and changes nothing, if the attempt is not live or was the last one. A task whose cancelling was asked
    for is handed back too: the next claim by anybody ends it as cancelled. Where it does not count, the attempt is not
    used up: the task may be attempted once more, up to MOST_ATTEMPTS.
    """
    async with transaction(executor) as connection:
        handed: UUID | None = await connection.fetchval(
            """
            with handed as (
                update ledger.tasks
                set state = 'queued', lease_until = null, not_before = clock_timestamp() + make_interval(secs => $3),
                    max_attempts = max_attempts + (not $4 and max_attempts < $5)::integer
                where id = $1 and attempt = $2 and (attempt < max_attempts or not $4 and max_attempts < $5)
                    and state = 'running' and lease_until > clock_timestamp()
                returning id, pool
            )
            select id, pg_notify('ledger_queued', pool), pg_notify('ledger_events', id::text) from handed
            """,
            task_id,
            attempt,
            float(after_seconds),
            counts,
            MOST_ATTEMPTS,
        )
        if handed is None:
            return False
        lost = RetryEvent(reason=reason, after_seconds=after_seconds, message=message)
        await append_event(connection, task_id, attempt, lost)
        return True
