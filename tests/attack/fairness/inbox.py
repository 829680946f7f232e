"""One tenant's entries in the inbox: a poison one, bad ones by the thousand, and cancels of nothing."""

import asyncio
import time
from collections.abc import Mapping
from uuid import uuid4

from agent_ledger import SkillRow
from agent_stores.pool import open_redis
from attack.fairness.tasks import register
from attack.gates import Doors
from attack.ground import MODEL, RIVAL, RIVAL_STREAM
from redis.asyncio import Redis

DRAIN_SECONDS = 240.0
MOST_BEFORE = 3_000
"""So many entries of another stream may be done before a stream's turn comes."""


async def poison_entry(doors: Doors) -> list[str]:
    """An entry whose text makes a pattern of the skill's schema backtrack is done with in at most three deliveries."""
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}}
    row = SkillRow(name="poisoned", version="1", engine="claude", model=MODEL, pool="nowhere", input_schema=schema)
    await register(doors, row)
    redis = open_redis(doors.ground.house.urls["REDIS_URL"])
    try:
        text = '{"skill": "poisoned", "input": {"x": "' + "a" * 40 + '!"}}'
        entry = await _add(redis, "agent:tasks", {"task": text})
        beside = await _add(redis, RIVAL_STREAM, {"cancel": str(uuid4())})
        gone = await _gone(redis, {"agent:tasks": entry, RIVAL_STREAM: beside})
    finally:
        await redis.aclose()
    return [f"still there: {stream}" for stream, is_gone in gone.items() if not is_gone]


async def others_results(doors: Doors) -> list[str]:
    """10,500 bad entries of one tenant leave the unread result of another where it is."""
    redis = open_redis(doors.ground.house.urls["REDIS_URL"])
    try:
        entry = await _add(redis, "agent:tasks", {"task": "no JSON"})
        await _gone(redis, {"agent:tasks": entry})
        for _ in range(21):
            async with redis.pipeline() as many:
                for _ in range(500):
                    many.xadd(RIVAL_STREAM, {"task": "no JSON"})
                last = (await many.execute())[-1]
        if not (await _gone(redis, {RIVAL_STREAM: last}))[RIVAL_STREAM]:
            raise TimeoutError("the entries were not read")
        kept: list[tuple[bytes, dict[bytes, bytes]]] = await redis.xrange("agent:results") or []  # type: ignore[assignment]
        lengths = {name: await redis.xlen(name) for name in ("agent:results", f"agent:results:{RIVAL}")}
    finally:
        await redis.aclose()
    if not any(fields.get(b"entry") == entry for _, fields in kept):
        return [f"the result of {entry!r} is gone: {lengths}"]
    return [] if max(lengths.values()) <= 12_000 else [f"the streams are not bounded: {lengths}"]


async def cancels_of_nothing(doors: Doors) -> list[str]:
    """20,000 cancels of unknown ids on one tenant's stream do not stand before another tenant's entry."""
    redis = open_redis(doors.ground.house.urls["REDIS_URL"])
    try:
        for _ in range(40):
            async with redis.pipeline() as many:
                for _ in range(500):
                    many.xadd(RIVAL_STREAM, {"cancel": str(uuid4())})
                await many.execute()
        before = await redis.xlen(RIVAL_STREAM)
        entry = await _add(redis, "agent:tasks", {"cancel": str(uuid4())})
        gone = await _gone(redis, {"agent:tasks": entry})
        first = before - await redis.xlen(RIVAL_STREAM)
        await redis.delete(RIVAL_STREAM)
    finally:
        await redis.aclose()
    told = f"{first} of {before} cancels were done before the other tenant's entry"
    return [] if gone["agent:tasks"] and first <= MOST_BEFORE < before else [told]


async def _add(redis: Redis, stream: str, fields: Mapping[str, str]) -> bytes:
    entry: bytes = await redis.xadd(stream, dict(fields))  # type: ignore[assignment, arg-type]
    return entry


async def _gone(redis: Redis, entries: Mapping[str, bytes]) -> dict[str, bool]:
    """Wait until entries of streams are done with; say which are."""
    end = time.monotonic() + DRAIN_SECONDS
    while True:
        gone = {stream: not await redis.xrange(stream, entry, entry) for stream, entry in entries.items()}
        if all(gone.values()) or time.monotonic() > end:
            return gone
        await asyncio.sleep(0.02)
