"""Instances of model-api, in table `gateway.instances`: each says that it is alive, and the others settle for the dead.

PostgreSQL's clock alone says who is alive.
"""

from uuid import UUID

import asyncpg
from agent_stores.pool import Executor

from agent_effects.spending import estimate_spend

BEAT_SECONDS = 2.0
DEAD_SECONDS = 10.0
"""An instance that has not said so for this long is taken for dead."""
UNOWNED_SECONDS = 3600.0
FORGOTTEN_SECONDS = 86_400.0
BATCH = 100


async def beat(conn: Executor, instance: UUID) -> bool:
    """Say that an instance is alive. Return whether it may judge others, which after an outage have time to say so."""
    steady: bool = await conn.fetchval(
        """
        with forgotten as (delete from gateway.instances
            where id <> $1 and seen_at < clock_timestamp() - make_interval(secs => $3))
        insert into gateway.instances as i (id) values ($1)
        on conflict (id) do update set seen_at = clock_timestamp(), steady_since =
            case when i.seen_at < clock_timestamp() - make_interval(secs => $2) then clock_timestamp()
            else i.steady_since end
        returning steady_since < clock_timestamp() - make_interval(secs => $2)
        """,
        instance,
        DEAD_SECONDS,
        FORGOTTEN_SECONDS,
    )
    return steady


async def withdraw(conn: Executor, instance: UUID) -> None:
    """Say that an instance ends; it has settled what it sent."""
    await conn.execute("delete from gateway.instances where id = $1", instance)


async def settle_for_the_dead(pool: asyncpg.Pool) -> int:
    """Settle at an estimate what dead instances have reserved, and return how many requests that were.

    An instance that was taken for dead and is not, puts the true cost in the estimate's place.
    """
    rows = await pool.fetch(
        """
        select task_id, request_id from gateway.spend s
        where s.state = 'reserved'
            and s.at < clock_timestamp() - make_interval(secs => case when s.instance is null then $2::real else $1 end)
            and not exists (select from gateway.instances i
                where i.id = s.instance and i.seen_at >= clock_timestamp() - make_interval(secs => $1))
        limit $3
        """,
        DEAD_SECONDS,
        UNOWNED_SECONDS,
        BATCH,
    )
    # One by one, each in a transaction of its own, as the order of locks demands.
    return sum([await estimate_spend(pool, row["task_id"], row["request_id"]) for row in rows])
