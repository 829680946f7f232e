"""Streams of results: each tenant reads its own, and each is bounded by entries and by bytes."""

import json
from typing import Any

import asyncpg
import pytest
from agent_contracts import task_id_for
from agent_ledger import Replies, deliver, drain, finish, get_task, register_skills, streams
from core.ledger.house import DOOR, SKILL, STREAM, done, said, taken
from redis.asyncio import Redis
from service_kit.access import Access

ACMES = "agent:tasks:acme"
OTHER = "agent:tasks:other"
BOTH = Access(streams={STREAM: DOOR, ACMES: DOOR.model_copy(update={"tenant": "acme"})})
GOOD = json.dumps({"skill": "triage", "input": "look"})


async def test_a_tenants_entries_are_answered_on_its_own_stream(redis: Redis, pool: asyncpg.Pool) -> None:
    """Refused or done, what one tenant sent never shows on, and so never pushes from, the stream that another reads."""
    await register_skills(pool, [SKILL])
    entries: dict[str, Any] = {stream: await redis.xadd(stream, {"task": GOOD}) for stream in BOTH.streams}
    bad: dict[str, Any] = {stream: await redis.xadd(stream, {"task": "{"}) for stream in BOTH.streams}
    assert await drain(redis, pool, BOTH, consumer="c", block_ms=20) == 4
    for _ in entries:
        claimed = await taken(pool)
        assert await finish(pool, claimed.id, claimed.attempt, done(claimed.id))
    assert await deliver(redis, Replies({}), pool) == 2
    for key, tenant, stream in (("agent:results", "default", STREAM), ("agent:results:acme", "acme", ACMES)):
        answers = await said(redis, key)
        assert [answer[b"entry"] for answer in answers] == [bad[stream], entries[stream]]
        assert [answer[b"status"] for answer in answers] == [b"rejected", b"succeeded"]
        ids = [str(task_id_for(tenant, stream, entry.decode())).encode() for entry in (bad[stream], entries[stream])]
        assert [answer[b"task_id"] for answer in answers] == ids
        assert {(answer[b"tenant"], answer[b"stream"]) for answer in answers} == {(tenant.encode(), stream.encode())}


@pytest.mark.parametrize("tenant", ["default", "acme"])
async def test_entries_of_one_id_in_two_streams_are_two_tasks(redis: Redis, pool: asyncpg.Pool, tenant: str) -> None:
    """Redis counts each stream's ids alone: each entry has its own task and answer, and is cancelled alone."""
    await register_skills(pool, [SKILL])
    access = Access(streams={STREAM: DOOR, OTHER: DOOR.model_copy(update={"tenant": tenant})})
    for stream in access.streams:
        await redis.xadd(stream, {"task": GOOD}, id="7-0")
    assert await drain(redis, pool, access, consumer="c", block_ms=20) == 2
    await redis.xadd(OTHER, {"cancel": "7-0"})
    assert await drain(redis, pool, access, consumer="c", block_ms=20) == 1
    ids = {STREAM: task_id_for("default", STREAM, "7-0"), OTHER: task_id_for(tenant, OTHER, "7-0")}
    states = [view and view.state for view in [await get_task(pool, id_) for id_ in ids.values()]]
    assert states == ["queued", "cancelled"]
    claimed = await taken(pool)
    assert await finish(pool, claimed.id, claimed.attempt, done(claimed.id))
    assert await deliver(redis, Replies({}), pool) == 2
    answers = {key: await said(redis, key) for key in ("agent:results", "agent:results:acme")}
    told = {answer[b"stream"].decode(): answer[b"task_id"].decode() for some in answers.values() for answer in some}
    assert told == {stream: str(id_) for stream, id_ in ids.items()}
    assert len(answers["agent:results:acme"]) == (tenant == "acme")


@pytest.mark.parametrize("sizes", [[20_000] * 30, [300_000] + [200] * 50, [200] * 50 + [150_000] * 2])
async def test_a_stream_is_bounded_by_bytes(redis: Redis, monkeypatch: pytest.MonkeyPatch, sizes: list[int]) -> None:
    """The oldest entries go while a stream takes more memory than it may, whatever their sizes; the newest stay."""
    monkeypatch.setattr(streams, "MOST_BYTES", 200_000)
    for number, size in enumerate(sizes):
        await streams.append(redis, "agent:rejected", {"number": str(number), "value": "x" * size}, bound=1000)
        kept = [int(fields[b"number"]) for fields in await said(redis, "agent:rejected")]
        assert kept == list(range(kept[0], number + 1))
        assert (await redis.memory_usage("agent:rejected", samples=0) or 0) <= 200_000 or len(kept) == 1
    assert kept[0] > 0


async def test_of_a_rejected_entry_a_bounded_part_is_kept(redis: Redis, pool: asyncpg.Pool) -> None:
    """However many fields an entry has, at most 1 MiB of their values is kept, with the whole size beside it."""
    fields: dict[Any, Any] = {f"f{number}": "x" * 300_000 for number in range(8)}
    await redis.xadd(STREAM, fields)
    assert await drain(redis, pool, BOTH, consumer="c", block_ms=20) == 1
    (kept,) = await said(redis, "agent:rejected")
    assert sum(len(value) for name, value in kept.items() if name.startswith(b"original:")) == 1_048_576
    assert (int(kept[b"bytes"]), kept[b"truncated"]) == (8 * 300_002, b"true")
