"""Webhook deliveries and firings. Owns tables `control.deliveries` and `control.firings`."""

import hashlib
from typing import Any
from uuid import UUID

from agent_ledger.connection import Connection

KEPT_DAYS = 30


def body_hash(body: bytes) -> bytes:
    """Give the SHA-256 by which a delivery is known: ids in headers are not signed, the body is."""
    return hashlib.sha256(body).digest()


async def take(
    connection: Connection, *, source: str, digest: bytes, tenant: str, delivery_id: str, event: str
) -> bool:
    """Insert a delivery; False if the same body came from the source within 30 days.

    A second delivery of the same body waits here until the first one's transaction has ended.
    """
    taken: bool | None = await connection.fetchval(
        """
        insert into control.deliveries (source, body_hash, tenant, delivery_id, event, outcome)
        values ($1, $2, $3, $4, $5, '{}')
        on conflict (source, body_hash) do update
            set tenant = excluded.tenant, delivery_id = excluded.delivery_id, event = excluded.event,
                outcome = excluded.outcome, received_at = clock_timestamp()
            where deliveries.received_at < clock_timestamp() - make_interval(days => $6)
        returning true
        """,
        source,
        digest,
        tenant,
        delivery_id,
        event,
        KEPT_DAYS,
    )
    return bool(taken)


async def outcome_of(connection: Connection, *, source: str, digest: bytes) -> dict[str, Any]:
    """Give what a known delivery led to."""
    found: dict[str, Any] = await connection.fetchval(
        "select outcome from control.deliveries where source = $1 and body_hash = $2", source, digest
    )
    return found


async def keep_outcome(connection: Connection, *, source: str, digest: bytes, outcome: dict[str, Any]) -> None:
    """Keep what a delivery led to."""
    await connection.execute(
        "update control.deliveries set outcome = $3 where source = $1 and body_hash = $2", source, digest, outcome
    )


async def forget(connection: Connection, *, source: str, digest: bytes) -> None:
    """Take a delivery as never seen."""
    await connection.execute("delete from control.deliveries where source = $1 and body_hash = $2", source, digest)


async def prune(connection: Connection) -> int:
    """Delete deliveries and firings older than 30 days; give the number of deliveries."""
    await connection.execute(
        "delete from control.firings where day < (clock_timestamp() at time zone 'utc')::date - $1::integer", KEPT_DAYS
    )
    done: str = await connection.execute(
        "delete from control.deliveries where received_at < clock_timestamp() - make_interval(days => $1)", KEPT_DAYS
    )
    return int(done.rpartition(" ")[2])


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
