"""What every function here takes first: a connection inside the caller's own transaction, or a pool."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection = asyncpg.Connection | PoolConnectionProxy
Executor = Connection | asyncpg.Pool


@asynccontextmanager
async def transaction(executor: Executor) -> AsyncIterator[Connection]:
    """Open a transaction (READ COMMITTED is assumed), or a savepoint inside the caller's."""
    if isinstance(executor, asyncpg.Pool):
        async with executor.acquire() as connection, connection.transaction():
            yield connection
    else:
        async with executor.transaction():
            yield executor
