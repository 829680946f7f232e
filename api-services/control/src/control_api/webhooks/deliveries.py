"""Webhook deliveries and firings. Owns tables `control.deliveries` and `control.firings`."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from agent_stores.pool import Connection, Executor

KEPT_DAYS = 30


class DeliveryKey(NamedTuple):
    """What an event is known by: two instances of one source and tenant share it, two tenants never."""

    tenant: str
    source: str
    identity: bytes


class Kept(NamedTuple):
    """What is known of an event: when it first came, the instances that have led it to its end, and what it led to."""

    first_at: datetime
    instances: list[str]
    result: dict[str, Any]


async def take(
    connection: Connection,
    key: DeliveryKey,
    *,
    delivery_id: str,
    event: str,
    repeat_seconds: float | None,
) -> Kept:
    """Keep an event, and give what is known of it; its result is empty while it has led to nothing.

    The time of an event of which a trigger was refused stays when it comes again, as its first tasks stay.
    A second delivery of the same event waits here until the first one's transaction has ended.
    After `repeat_seconds` the same event is a new one; for None, after 30 days. The vendor's number of this sending is
    for people.
    """
    await connection.execute(
        """
        delete from control.deliveries where tenant = $1 and source = $2 and identity = $3
            and received_at < clock_timestamp() - make_interval(secs => $4)
        """,
        *key,
        KEPT_DAYS * 86400.0 if repeat_seconds is None else repeat_seconds,
    )
    row = await connection.fetchrow(
        """
        insert into control.deliveries (tenant, source, identity, delivery_id, event, outcome)
        values ($1, $2, $3, $4, $5, '{}')
        on conflict (tenant, source, identity) do update set delivery_id = excluded.delivery_id, event = excluded.event
        returning received_at, instances, outcome
        """,
        *key,
        delivery_id,
        event,
    )
    assert row is not None
    return Kept(*row)


async def keep_result(connection: Connection, key: DeliveryKey, instance: str, result: dict[str, Any]) -> None:
    """Keep what an event led to; it is then known to an instance."""
    await connection.execute(
        """
        update control.deliveries set outcome = $5, instances = array_append(instances, $4)
        where tenant = $1 and source = $2 and identity = $3
        """,
        *key,
        instance,
        result,
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
