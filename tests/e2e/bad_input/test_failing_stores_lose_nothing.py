"""Stores that fail in the middle: each door says so, and what was accepted is done once the store is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from agent_contracts import uuid7
from e2e.bad_input.ground import SKILL, SLOW, STREAM, TEXT, Ground
from redis.exceptions import RedisError, ResponseError

END_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


@asynccontextmanager
async def read_only(url: str) -> AsyncIterator[None]:
    """Have a database take no writes while the block runs."""
    connection = await asyncpg.connect(url)
    try:
        name = await connection.fetchval("select current_database()")
        await connection.execute(f"alter database {name} set default_transaction_read_only = on")
        await connection.execute(END_OTHERS)
        try:
            yield
        finally:
            await connection.execute(f"alter database {name} reset default_transaction_read_only")
            await connection.execute(END_OTHERS)
    finally:
        await connection.close()


@pytest.mark.slow
async def test_a_database_that_takes_no_writes(ground: Ground) -> None:
    """HTTP, webhook and command line say that nothing was accepted; the stream keeps its entry; a run goes on after."""
    under_way = await ground.house.submit(SKILL, SLOW)
    await ground.house.until(under_way, "started")
    name = str(uuid7())
    redis = ground.redis()
    try:
        rejected = await redis.xlen("agent:rejected")
        async with read_only(ground.house.urls["DATABASE_URL"]):
            replies = [await ground.post(id=name), await ground.deliver(1)]
            said = await ground.enqueue()
            sent = await ground.send(redis)
            await asyncio.sleep(1.5)
            assert await redis.xlen(STREAM) == 1
            assert await redis.xlen("agent:rejected") == rejected
    finally:
        await redis.aclose()

    for reply in replies:
        assert (reply.status, reply.json()["reason"]) == (503, "database")
        assert reply.json()["remedy"] == "Nothing was accepted: try again later."
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("error: ")
    assert "read-only" in said.stderr
    assert said.stderr.count("\n") == 1
    async with asyncio.timeout(10):
        while (again := await ground.post(id=name)).status == 503:  # of a connection that ended with the fault
            await asyncio.sleep(0.1)
    assert (again.status, again.json()["created"]) == (202, True)
    delivered = await ground.deliver(1)
    assert (delivered.status, delivered.json()["duplicate"]) == (200, False)
    await ground.succeed(under_way, sent, UUID(name))
    ground.nothing_is_left()


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("config set maxmemory 1", "config set maxmemory 0", "when used memory > 'maxmemory'"),
        ("replicaof 127.0.0.1 9", "replicaof no one", "read only replica"),
    ],
    ids=["full", "failing over"],
)
async def test_a_redis_that_takes_no_writes(ground: Ground, wrong: str, right: str, says: str) -> None:
    """The sender is told; what came before is done; tasks by other doors end, and their reply follows later."""
    redis = ground.redis()
    try:
        before = await ground.send(redis)
        await redis.execute_command(*wrong.split())  # type: ignore[no-untyped-call]
        try:
            with pytest.raises(RedisError, match=says):
                await ground.send(redis)
            name = f"after-{wrong.split()[-1]}"
            by_http = await ground.house.submit(SKILL, TEXT, reply_to={"stream": name})
            await ground.succeed(by_http)
        finally:
            await redis.execute_command(*right.split())  # type: ignore[no-untyped-call]
        await ground.succeed(before, await ground.send(redis))
        [reply] = await ground.house.stream(f"agent:results:default:{name}", within=30)
    finally:
        await redis.aclose()
    assert (reply["task_id"], reply["status"]) == (str(by_http), "succeeded")
    ground.nothing_is_left()


async def test_a_redis_that_dropped_every_key(ground: Ground) -> None:
    """After an eviction took streams and groups, the next entry is a task again without anybody's help."""
    redis = ground.redis()
    try:
        await redis.flushall()
        with pytest.raises(ResponseError, match="no such key"):
            await redis.xinfo_groups(STREAM)
        await ground.succeed(await ground.send(redis))
    finally:
        await redis.aclose()
    ground.nothing_is_left()
