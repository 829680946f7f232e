"""How far each feed was followed, and who follows it. Owns table `feeds.positions` and the feeds' advisory locks."""

from agent_stores.pool import Connection
from service_kit.json_text import Json


async def lead(connection: Connection, feed: str) -> bool:
    """Take the lock of a feed for as long as the connection lives; False where another connection has it."""
    locked: bool = await connection.fetchval(
        "select pg_try_advisory_lock(hashtextextended('control.feeds ' || $1, 0))", feed
    )
    return locked


async def notice_loss(connection: Connection) -> None:
    """Have PostgreSQL free the lock within 25 seconds when the machine of this connection is gone."""
    await connection.execute(
        "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3"
    )


async def position_of(connection: Connection, feed: str) -> Json:
    """Give the position that was committed last; None where there is none."""
    position: Json = await connection.fetchval("select position from feeds.positions where feed = $1", feed)
    return position


async def keep_position(connection: Connection, feed: str, position: Json) -> None:
    """Keep a position, in the transaction of the events before it."""
    await connection.execute(
        """
        insert into feeds.positions (feed, position) values ($1, $2)
        on conflict (feed) do update set position = excluded.position, committed_at = clock_timestamp()
        """,
        feed,
        position,
    )
