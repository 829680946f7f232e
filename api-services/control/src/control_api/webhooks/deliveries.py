"""Webhook deliveries and firings. Owns tables `control.deliveries` and `control.firings`."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from agent_ledger.connection import Connection, Executor

KEPT_DAYS = 30


class DeliveryKey(NamedTuple):
    """What an event is known by: two instances of one source and tenant share it, two tenants never."""

    tenant: str
    source: str
    identity: bytes


async def take(
    connection: Connection,
    key: DeliveryKey,
    *,
    delivery_id: str,
    event: str,
    repeat_seconds: float | None,
) -> datetime | None:
    """Keep an event and give the time when it first came; None if it is known, with its result.

    The time of an event of which a trigger was refused stays when it comes again, as its first tasks stay.
    A second delivery of the same event waits here until the first one's transaction has ended.

    Args:
        connection: in the delivery's transaction.
        key: which event.
        delivery_id: the vendor's number of this sending, for people.
        event: the event's name.
        repeat_seconds: after how long the same event is a new one; None: after 30 days.
    """
    first_at: datetime | None = await connection.fetchval(
        """
        insert into control.deliveries as known (tenant, source, identity, delivery_id, event, outcome)
        values ($1, $2, $3, $4, $5, '{}')
        on conflict (tenant, source, identity) do update
            set delivery_id = excluded.delivery_id, event = excluded.event, outcome = '{}',
                received_at = case
                    when known.received_at < clock_timestamp() - make_interval(secs => $6) then clock_timestamp()
                    else known.received_at
                end
            where known.outcome::text = '{}'
                or known.received_at < clock_timestamp() - make_interval(secs => $6)
        returning received_at
        """,
        *key,
        delivery_id,
        event,
        KEPT_DAYS * 86400.0 if repeat_seconds is None else repeat_seconds,
    )
    return first_at


async def result_of(connection: Connection, key: DeliveryKey) -> dict[str, Any]:
    """Give what a known event led to."""
    found: dict[str, Any] = await connection.fetchval(
        "select outcome from control.deliveries where tenant = $1 and source = $2 and identity = $3", *key
    )
    return found


async def keep_result(connection: Connection, key: DeliveryKey, result: dict[str, Any]) -> None:
    """Keep what an event led to; the event is then known."""
    await connection.execute(
        "update control.deliveries set outcome = $4 where tenant = $1 and source = $2 and identity = $3", *key, result
    )


async def forget(connection: Connection, key: DeliveryKey) -> None:
    """Forget an event that led to nothing."""
    await connection.execute("delete from control.deliveries where tenant = $1 and source = $2 and identity = $3", *key)


async def prune(executor: Executor) -> None:
    """Delete deliveries and firings older than 30 days."""
    await executor.execute(
        "delete from control.firings where day < (clock_timestamp() at time zone 'utc')::date - $1::integer", KEPT_DAYS
    )
    await executor.execute(
        "delete from control.deliveries where received_at < clock_timestamp() - make_interval(days => $1)", KEPT_DAYS
    )


async def fired_today(connection: Connection, *, tenant: str, trigger: str) -> list[UUID]:
    """Give the tasks that a trigger started today (UTC); concurrent firings of one trigger wait for each other."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('control.firings ' || $1 || ' ' || $2, 0))", tenant, trigger
    )
    rows = await connection.fetch(
        """
        select task_id from control.firings
        where tenant = $1 and trigger = $2 and day = (clock_timestamp() at time zone 'utc')::date
        """,
        tenant,
        trigger,
    )
    return [row["task_id"] for row in rows]


async def keep_firing(connection: Connection, *, tenant: str, trigger: str, task_id: UUID) -> None:
    """Keep that a trigger started a task."""
    await connection.execute(
        "insert into control.firings (tenant, trigger, task_id) values ($1, $2, $3) on conflict do nothing",
        tenant,
        trigger,
        task_id,
    )
