"""Connections have the same habits in every process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import asyncpg
import pytest
from agent_stores.errors import StoreError
from agent_stores.pool import open_pool, open_redis
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError


async def test_json_goes_both_ways_as_values(pool: asyncpg.Pool) -> None:
    """Json and jsonb go in and come out as Python values; what JSON cannot say is refused."""
    for name in ("json", "jsonb"):
        value = {"a": [1, 2.5, None, "é\u2028"], "b": {}}
        assert await pool.fetchval(f"select $1::{name}", value) == value
        with pytest.raises(asyncpg.DataError):
            await pool.fetchval(f"select $1::{name}", float("nan"))


async def test_times_are_utc(pool: asyncpg.Pool) -> None:
    """The session's time zone is UTC whatever the machine's is."""
    assert await pool.fetchval("show timezone") == "UTC"
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert await pool.fetchval("select $1::timestamptz::text", moment) == "2026-01-02 03:04:00+00"


async def test_sessions_say_who_they_are_and_end(pool: asyncpg.Pool) -> None:
    """Every session has its application's name and time limits."""
    assert await pool.fetchval("show application_name") == "tests"
    assert await pool.fetchval("show statement_timeout") == "30s"
    assert await pool.fetchval("show idle_in_transaction_session_timeout") == "1min"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hidden@127.0.0.1:1/x",
        "mysql://u:hidden@127.0.0.1/x",
        "postgresql://u:hidden@127.0.0.1:port/x",
    ],
)
async def test_a_database_that_is_not_there_is_named(url: str) -> None:
    """What DATABASE_URL leads to is said without its password, with what to do."""
    with pytest.raises(StoreError, match="DATABASE_URL") as caught:
        await open_pool(url, application="tests")
    assert "hidden" not in str(caught.value)
    assert "agent-stores start" in str(caught.value)


async def test_wrong_password_is_named(database_url: str) -> None:
    """A refused password is told apart from a server that is not there."""
    user, _, rest = database_url.rpartition("@")
    with pytest.raises(StoreError, match="password authentication failed"):
        await open_pool(f"{user}x@{rest}", application="tests")


@pytest.mark.bad_input
async def test_a_database_out_of_connections_is_named(database_url: str, pool: asyncpg.Pool) -> None:
    """A server that takes no more connections is told apart from one that is not up, with another remedy."""
    await pool.execute("create role crowded login password 'crowded-secret' connection limit 0")
    try:
        parts = urlsplit(database_url)
        url = parts._replace(netloc=f"crowded:crowded-secret@{parts.hostname}:{parts.port}").geturl()
        with pytest.raises(StoreError, match=r"too many connections for role .crowded.*connection limit") as caught:
            await open_pool(url, application="tests")
    finally:
        await pool.execute("drop role crowded")
    assert "crowded-secret" not in str(caught.value)
    assert "agent-stores start" not in str(caught.value)


async def test_redis_address_is_checked() -> None:
    """An address that is not Redis's is refused at once."""
    with pytest.raises(StoreError, match="REDIS_URL"):
        open_redis("http://127.0.0.1:1/")


async def test_redis_replies_are_bytes(redis: Redis) -> None:
    """Replies are bytes, and a blocking read within the time limit is no error."""
    await redis.set("a", "b", ex=5)
    assert await redis.get("a") == b"b"
    assert await redis.xread({"none": "$"}, block=50) in (None, [], {})


async def test_redis_repeats_nothing_that_may_have_been_done(redis_url: str, redis: Redis) -> None:
    """When the reply does not come in time, the command has been sent once and is not sent again."""
    async with mute_after(b"INCR", redis_url) as url:
        hasty = open_redis(url)
        hasty.connection_pool.connection_kwargs["socket_timeout"] = 0.2
        with pytest.raises(RedisTimeoutError):
            await hasty.incr("n")
        await hasty.aclose()
    await redis.expire("n", 5)
    assert await redis.get("n") == b"1"


@asynccontextmanager
async def mute_after(word: bytes, redis_url: str) -> AsyncIterator[str]:
    """Stand between a client and Redis: commands pass, but after a certain one no reply does."""
    parts = urlsplit(redis_url)

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_connection("127.0.0.1", parts.port)
        muted = False

        async def replies() -> None:
            while data := await from_redis.read(65536):
                if not muted:
                    writer.write(data)

        answering = asyncio.create_task(replies())
        while data := await reader.read(65536):
            muted = muted or word in data
            to_redis.write(data)
        answering.cancel()
        for each in (writer, to_redis):
            each.close()

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    async with server:
        yield redis_url.replace(f":{parts.port}/", f":{server.sockets[0].getsockname()[1]}/")
