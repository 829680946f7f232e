"""Redis streams as plain values: bounded appends, and replies in the one shape that RESP2 and RESP3 have in common."""

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis

Fields = dict[bytes, bytes]
Entries = list[tuple[bytes, Fields]]
MOST_BYTES = 64 * 1_048_576


async def append(
    redis: Redis, stream: str, fields: Mapping[str, str | bytes], *, bound: int, expire_seconds: int | None = None
) -> None:
    """Add an entry to a stream that keeps about its last `bound` entries, and goes when it is not used for so long.

    Older ones go while the stream takes more than `MOST_BYTES` of Redis's memory; the entry itself always stays.
    """
    plain: dict[Any, Any] = dict(fields)
    async with redis.pipeline(transaction=True) as together:
        together.xadd(stream, plain, maxlen=bound, approximate=True)
        if expire_seconds is not None:
            together.expire(stream, expire_seconds)
        together.xlen(stream)
        together.memory_usage(stream, samples=0)
        *_, entries, size = await together.execute()
    while entries > 1 and (size or 0) > MOST_BYTES:
        entries = max(1, entries * MOST_BYTES // size)
        await redis.xtrim(stream, maxlen=entries, approximate=False)
        size = await redis.memory_usage(stream, samples=0)


async def read_new(redis: Redis, stream: str, *, group: str, consumer: str, count: int, block_ms: int) -> Entries:
    """Read entries that no consumer of the group was given yet, waiting for the first."""
    reply: Any = await redis.xreadgroup(group, consumer, {stream: ">"}, count=count, block=max(1, block_ms))
    if not reply:
        return []
    if isinstance(reply, dict):
        return [entry for batch in next(iter(reply.values())) for entry in batch]
    found: Entries = reply[0][1]
    return found


async def abandoned(redis: Redis, stream: str, *, group: str, count: int, idle_ms: int) -> list[tuple[str, int]]:
    """List entries that a consumer was given long ago and did not settle, with how often each was given to one."""
    found: Any = await redis.xpending_range(stream, group, "-", "+", count, idle=idle_ms)
    return [(one["message_id"].decode(), one["times_delivered"]) for one in found]


async def take_over(redis: Redis, stream: str, *, group: str, consumer: str, entry: str, idle_ms: int) -> Fields | None:
    """Take over an abandoned entry, which counts as given once more; None where another consumer was faster."""
    found: Any = await redis.xclaim(stream, group, consumer, idle_ms, [entry])
    return found[0][1] if found else None


async def count_deliveries(redis: Redis, stream: str, *, group: str, consumer: str, entry: str, times: int) -> None:
    """Set how often an entry counts as given to a consumer."""
    await redis.xclaim(stream, group, consumer, 0, [entry], retrycount=times, justid=True)


async def settle(redis: Redis, stream: str, *, group: str, entry: str) -> None:
    """Acknowledge an entry and delete it, both or neither."""
    async with redis.pipeline(transaction=True) as both:
        both.xack(stream, group, entry)
        both.xdel(stream, entry)
        await both.execute()
