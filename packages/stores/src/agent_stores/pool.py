"""Connections: one asyncpg pool and one Redis client a process, with the same habits everywhere."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from agent_stores.errors import StoreError, without_password

Connection = asyncpg.Connection | PoolConnectionProxy
Executor = Connection | asyncpg.Pool
"""What a function of one statement takes: a connection, in the caller's own transaction, or a pool."""
STATEMENT_SECONDS = 30
DATABASE_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a statement raises when PostgreSQL refuses it or is gone; the last, when a connection ends beneath it."""
REDIS_SECONDS = 30
"""A blocking read must ask for less than this, or it ends as a time-out."""


def _encode(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


async def _prepare(connection: asyncpg.Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_encode, decoder=json.loads)


async def _keep(_: asyncpg.Connection) -> None:
    """Return a connection back as it is: the default asks the server once more after each use."""


async def open_pool(url: str, *, size: int = 10, application: str) -> asyncpg.Pool:
    """Open a pool of at most `size` connections: JSON as Python values, time zone UTC, statements ended after 30 s.

    A connection that comes back is rolled back and hears nothing any more, and is otherwise left as it is: settings and
    advisory locks are a transaction's own, never a session's.

    Raises:
        StoreError: the address is wrong, or nothing usable answers there.
    """
    try:
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=10,
            command_timeout=STATEMENT_SECONDS + 5,
            init=_prepare,
            reset=_keep,
            server_settings={
                "application_name": application,
                "timezone": "UTC",
                "statement_timeout": str(STATEMENT_SECONDS * 1000),
                "idle_in_transaction_session_timeout": str(STATEMENT_SECONDS * 2000),
            },
        )
    except (*DATABASE_ERRORS, ValueError) as error:
        raise unreachable(url, error) from error


@asynccontextmanager
async def transaction(executor: Executor) -> AsyncIterator[Connection]:
    """Open a transaction (READ COMMITTED is assumed), or a savepoint inside the caller's."""
    if isinstance(executor, asyncpg.Pool):
        async with executor.acquire() as connection, connection.transaction():
            yield connection
    else:
        async with executor.transaction():
            yield executor


def unreachable(url: str, error: Exception) -> StoreError:
    """Say that DATABASE_URL does not lead to a usable database, and what to do."""
    why = str(error) or type(error).__name__
    remedy = "Start it (`agent-stores start` starts an embedded one), or correct DATABASE_URL."
    if isinstance(error, asyncpg.TooManyConnectionsError):
        remedy = "Raise its max_connections or the role's connection limit, or run fewer processes and workers."
    return StoreError(f"DATABASE_URL ({without_password(url)}) does not lead to a usable PostgreSQL: {why}. {remedy}")


def open_redis(url: str) -> Redis:
    """Make a Redis client with time-outs; replies are bytes.

    A command is repeated only when its connection failed, never after a time-out: what may have been carried out is
    not sent again unseen.

    Raises:
        StoreError: REDIS_URL is not a Redis address.
    """
    try:
        client: Redis = Redis.from_url(
            url,
            socket_connect_timeout=5,
            socket_timeout=REDIS_SECONDS,
            health_check_interval=30,
            retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1), 3, supported_errors=(RedisConnectionError,)),
        )
    except ValueError as error:
        raise StoreError(
            f"REDIS_URL ({without_password(url)}) is not a Redis address: {error}. Write redis://host:port/0."
        ) from error
    return client
