"""The stores that tests get are real, fresh and separate."""

import asyncpg
from redis.asyncio import Redis


async def test_database_is_fresh_each_time_first(pool: asyncpg.Pool) -> None:
    """What one test creates, the next does not see (first half)."""
    await pool.execute("create table left_behind ()")


async def test_database_is_fresh_each_time_second(pool: asyncpg.Pool) -> None:
    """What one test creates, the next does not see (second half)."""
    await pool.execute("create table left_behind ()")


async def test_redis_is_empty_each_time_first(redis: Redis) -> None:
    """What one test writes, the next does not see (first half)."""
    assert await redis.dbsize() == 0
    await redis.set("a", 1, ex=60)


async def test_redis_is_empty_each_time_second(redis: Redis) -> None:
    """What one test writes, the next does not see (second half)."""
    assert await redis.dbsize() == 0
    await redis.set("a", 1, ex=60)
