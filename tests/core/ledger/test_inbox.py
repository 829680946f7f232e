"""The inbox: what foreign programs send becomes one task each, or is kept with its reason."""

import asyncio
import json
import signal
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import pytest
from agent_contracts import Task, task_id_for
from agent_ledger import (
    drain,
    drop_gone_consumers,
    finish,
    get_task,
    inbox,
    list_tasks,
    read_task,
    register_skills,
    submit,
)
from core.ledger.house import ACCESS, DOOR, SKILL, STREAM, STRICT, done, said, taken
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from service_kit.access import Access, Door

GOOD = {"skill": "triage", "input": "look"}
FIXED = str(uuid4())
CRASHING = """
import asyncio, sys
from agent_ledger import inbox
from agent_stores.pool import open_pool, open_redis
from service_kit.access import Access, Door

async def hang(*_, **__):
    print("committed", flush=True)
    await asyncio.sleep(60)

async def main():
    inbox.settle = hang
    pool = await open_pool(sys.argv[1], size=2, application="crashing")
    door = Door(name="stream:agent:tasks", skills=["*"])
    await inbox.drain(open_redis(sys.argv[2]), pool, Access(streams={"agent:tasks": door}), consumer="dead")

asyncio.run(main())
"""


@pytest.fixture
async def house(pool: asyncpg.Pool) -> asyncpg.Pool:
    """A ledger that knows the shared skill, and one with an input schema."""
    await register_skills(pool, [SKILL, STRICT])
    return pool


async def send(redis: Redis, value: object, field: str = "task") -> str:
    """XADD one entry and give its id."""
    raw = value if isinstance(value, bytes | str) else json.dumps(value)
    entry: Any = await redis.xadd(STREAM, {field: raw})
    return str(entry.decode())


async def drained(redis: Redis, pool: asyncpg.Pool, access: Access = ACCESS, abandoned_ms: int = 15_000) -> int:
    """Drain once."""
    return await drain(redis, pool, access, consumer="c1", block_ms=20, abandoned_ms=abandoned_ms)


async def test_one_xadd_is_a_whole_use(redis: Redis, house: asyncpg.Pool) -> None:
    """An entry with skill and input alone becomes a task of its door, with an id from stream and entry."""
    entry = await send(redis, GOOD)
    assert await drained(redis, house) == 1
    view = await get_task(house, task_id_for("default", STREAM, entry))
    assert view is not None
    assert view.task.actor is not None
    assert view.task.origin is not None
    assert (view.task.actor.id, view.task.origin.ref, view.door) == (STREAM, f"{STREAM}/{entry}", DOOR.name)
    assert await redis.xlen(STREAM) == 0
    assert await drained(redis, house) == 0


async def test_a_stream_that_is_none_hurts_no_other(redis: Redis, house: asyncpg.Pool) -> None:
    """What Redis does not give of one door keeps no other closed; where it gives nothing, that is an error."""
    await redis.set("broken", "no stream", ex=60)
    await send(redis, GOOD)
    assert await drained(redis, house, Access(streams={"broken": DOOR} | ACCESS.streams)) == 1
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await drained(redis, house, Access(streams={"broken": DOOR}))


async def test_one_id_five_times_is_one_task(
    redis: Redis, house: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same XADD with one id five times is one task, drained by two drains at once."""
    monkeypatch.setattr(inbox, "BATCH", 1)
    for _ in range(5):
        await send(redis, {**GOOD, "id": FIXED})
    left = 5
    while left:
        both = (drain(redis, house, ACCESS, consumer=name, block_ms=1) for name in ("c1", "c2"))
        left -= sum(await asyncio.gather(*both))
    assert [view.id for view in await list_tasks(house)] == [UUID(FIXED)]
    assert await said(redis, "agent:rejected") == []


@pytest.mark.slow
async def test_drain_killed_before_xack_makes_no_second_row(
    redis: Redis, redis_url: str, house: asyncpg.Pool, database_url: str
) -> None:
    """A drain that is killed after its commit and before XACK leaves the entry to the next, which makes no row."""
    await send(redis, GOOD)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASHING, database_url, redis_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"committed\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    process._transport.close()  # type: ignore[attr-defined]
    assert (await redis.xpending(STREAM, "agent-engine"))["pending"] == 1
    await asyncio.sleep(0.06)
    assert await drained(redis, house, abandoned_ms=50) == 1
    assert (await redis.xpending(STREAM, "agent-engine"))["pending"] == 0
    assert len(await list_tasks(house)) == 1
    assert await said(redis, "agent:rejected") == []


BAD: list[tuple[bytes, str, str]] = [
    (b'{"skill": "triage", ', "json", "not JSON"),
    (b"[]", "field", "task: Input should be an object"),
    (b'{"skill": "triage"}', "field", "input: Field required"),
    (b'{"skill": "triage", "input": 5}', "field", "input"),
    (b'{"skill": "triage", "input": "x", "urgency": 1}', "field", "urgency: unknown field"),
    (b'{"skill": "triage", "input": "x", "dedupekey": "a"}', "field", "unknown field: did you mean dedupe_key?"),
    (
        b'{"skill": "triage", "input": "x", "budget": {"usds": 1}}',
        "field",
        "budget.usds: unknown field: did you mean usd?",
    ),
    (b'{"skill": "triag", "input": "x"}', "skill", "skill triag is unknown: did you mean triage?"),
    (b'{"skill": "triage", "input": "x", "tenant": "default"}', "field", "tenant: set by the door"),
    (b'{"skill": "triage", "input": "x", "actor": {"kind": "person", "id": "root"}}', "field", "actor: set by"),
    (b'{"skill": "triage", "input": "x", "origin": {"kind": "webhook", "ref": "1"}}', "field", "origin: set by"),
    (b'{"skill": "triage", "input": "\xff\xfe"}', "encoding", "not UTF-8"),
    (b'{"skill": "triage", "input": "a\\u0000b"}', "nul", "NUL"),
    (b'{"skill": "triage", "input": "a\x00b"}', "nul", "NUL"),
    (b'{"skill": "triage", "input": "\\ud800"}', "json", "not JSON"),
    (b'{"skill": "triage", "input": "' + b"x" * 5_000_000 + b'"}', "size", "5000032 bytes"),
    (b'{"skill": "no-such-skill", "input": "x"}', "skill", "no-such-skill is unknown"),
    (b'{"skill": "triage", "input": "x", "deadline": "2020-01-01T00:00:00Z"}', "deadline", "is over"),
    (b'{"skill": "triage", "input": "x", "id": "' + str(uuid5(uuid4(), "a")).encode() + b'"}', "field", "UUIDv5"),
    (b"[" * 100_000, "json", "not JSON"),
    (b'{"skill": "no-such-skill", "input": "x", "skill": "triage"}', "json", "the key 'skill' is given twice"),
    (b'{"skill": "triage", "input": {"a": [{"b": 1, "\\u0062": 1}]}}', "json", "the key 'b' is given twice"),
    (b'{"skill": "triage", "input": "x", "budget": {"usd": 1, "usd": 9}}', "json", "the key 'usd' is given twice"),
    (b'{"skill": "triage", "input": "x", "reply_to": {}}', "field", "reply_to: reply_to takes exactly one of"),
    (b'{"skill": "triage", "input": {"n": NaN}}', "json", "NaN is no JSON value: send null"),
    (b'{"skill": "triage", "input": {"n": [-Infinity]}}', "json", "-Infinity is no JSON value"),
    (b'{"skill": "triage", "input": {"n": 1e400}}', "json", "the number 1e400 is too large: send it as text"),
    (b'{"skill": "strict", "input": {"issue": "one"}}', "input", 'issue: "one" is not of type "integer"'),
    (b'{"skill": "strict", "input": "look"}', "input", 'the whole: "look" is not of type "object"'),
]


@pytest.mark.parametrize(("raw", "fault", "message"), BAD, ids=[f"{case[1]}-{n}" for n, case in enumerate(BAD)])
async def test_what_does_not_validate_is_kept_with_its_reason(
    redis: Redis, house: asyncpg.Pool, raw: bytes, fault: str, message: str
) -> None:
    """A bad entry makes no row: it is kept with reason and bytes, and answered on agent:results by its entry."""
    entry = await send(redis, raw)
    await send(redis, GOOD)
    assert await drained(redis, house) == 2
    (kept,) = await said(redis, "agent:rejected")
    assert kept[b"reason"] == fault.encode()
    assert message.encode() in kept[b"message"]
    assert kept[b"original:task"] == raw[:1_048_576]
    assert int(kept[b"bytes"]) == len(raw) + 4
    assert (b"truncated" in kept) == (len(raw) > 1_048_576)
    (answer,) = await said(redis, "agent:results")
    assert (answer[b"entry"], answer[b"status"]) == (entry.encode(), b"rejected")
    assert json.loads(answer[b"result"])["reason"] == "invalid"
    assert len(await list_tasks(house)) == 1


@pytest.mark.parametrize("number", ["1" * 4000, "1e300", "-0.0", "123456789012345678901234567890", "1.0", "1"])
async def test_numbers_are_kept_as_they_came(house: asyncpg.Pool, number: str) -> None:
    """No number is rounded, loses its sign or changes its kind on its way into the ledger."""
    task = read_task(f'{{"skill": "triage", "input": {{"n": {number}}}}}'.encode())
    view = await get_task(house, (await submit(house, task, door=DOOR)).id)
    assert view is not None
    assert isinstance(view.task.input, dict)
    assert json.dumps(view.task.input["n"]) == json.dumps(json.loads(number))


async def test_names_of_drains_that_are_gone_are_dropped(redis: Redis, house: asyncpg.Pool) -> None:
    """A consumer that holds no entry and was idle for long is deleted; one that asks, or holds entries, stays."""
    await drained(redis, house)
    await send(redis, GOOD)
    await drain(redis, house, ACCESS, consumer="gone", block_ms=1)
    await send(redis, GOOD)
    await redis.xreadgroup("agent-engine", "holds", {STREAM: ">"})
    await asyncio.sleep(0.2)
    await drain(redis, house, ACCESS, consumer="asks", block_ms=1)
    unread = Access(streams={**ACCESS.streams, "agent:tasks:unread": DOOR})
    assert await drop_gone_consumers(redis, unread) == 0
    assert await drop_gone_consumers(redis, unread, gone_after=timedelta(milliseconds=150)) == 2
    left: Any = await redis.xinfo_consumers(STREAM, "agent-engine")
    assert {consumer["name"] for consumer in left} == {b"holds", b"asks"}
    assert not await redis.exists("agent:tasks:unread")


async def test_same_id_other_bytes_is_rejected(redis: Redis, house: asyncpg.Pool) -> None:
    """A second request under a taken id is rejected and leaves the first as it was."""
    await send(redis, {**GOOD, "id": FIXED})
    await send(redis, {**GOOD, "id": FIXED, "input": "else"})
    assert await drained(redis, house) == 2
    (kept,) = await said(redis, "agent:rejected")
    assert kept[b"reason"] == b"conflict"
    view = await get_task(house, UUID(FIXED))
    assert view is not None
    assert view.task.input == "look"


@pytest.mark.parametrize("fields", [{"tusk": "{}"}, {"task": "{}", "cancel": "1-1"}, {f"f{n}": "x" for n in range(99)}])
async def test_unknown_fields_of_an_entry_are_named(redis: Redis, house: asyncpg.Pool, fields: dict[str, str]) -> None:
    """An entry that has not exactly `task` or `cancel` is rejected; what is kept of it is bounded."""
    await redis.xadd(STREAM, dict(fields))  # type: ignore[arg-type]
    assert await drained(redis, house) == 1
    (kept,) = await said(redis, "agent:rejected")
    assert kept[b"reason"] == b"field"
    assert min(fields).encode() in kept[b"message"]
    assert sum(name.startswith(b"original:") for name in kept) == min(len(fields), 8)


async def test_the_streams_door_says_the_tenant(redis: Redis, house: asyncpg.Pool) -> None:
    """Each stream is its own door: other tenant, other skills; a stream that is not listed is not read."""
    closed = Door(name="stream:agent:tasks:ci", tenant="acme", skills=["other"])
    access = Access(streams={STREAM: DOOR.model_copy(update={"tenant": "acme"}), "agent:tasks:ci": closed})
    await send(redis, GOOD)
    await redis.xadd("agent:tasks:ci", {"task": json.dumps(GOOD)})
    await redis.xadd("agent:tasks:unlisted", {"task": json.dumps(GOOD)})
    assert await drained(redis, house, access) == 2
    assert [view.tenant for view in await list_tasks(house)] == ["acme"]
    assert [kept[b"reason"] for kept in await said(redis, "agent:rejected")] == [b"door"]
    assert await redis.xlen("agent:tasks:unlisted") == 1


async def test_each_entry_of_a_task_gets_its_result(redis: Redis, house: asyncpg.Pool) -> None:
    """Every entry that asked for a task has an outbox row: by dedupe key, by id, and also after the end."""
    await send(redis, {**GOOD, "id": FIXED, "dedupe_key": "k"})
    await send(redis, {**GOOD, "dedupe_key": "k"})
    await drained(redis, house)
    await taken(house)
    assert await finish(house, UUID(FIXED), 1, done(UUID(FIXED)))
    assert await house.fetchval("select count(*) from ledger.outbox where kind = 'results'") == 2
    await send(redis, {**GOOD, "id": FIXED, "dedupe_key": "k"})
    await drained(redis, house)
    assert await house.fetchval("select count(*) from ledger.outbox where kind = 'results'") == 3


async def test_a_ledger_that_is_away_loses_nothing(redis: Redis, house: asyncpg.Pool) -> None:
    """When the ledger fails the entry stays, unacknowledged, and is drained when the ledger is back."""
    await send(redis, GOOD)
    await house.execute("alter table ledger.tasks rename to away")
    with pytest.raises(asyncpg.PostgresError):
        await drained(redis, house)
    await house.execute("alter table ledger.away rename to tasks")
    await asyncio.sleep(0.03)
    assert await drained(redis, house, abandoned_ms=20) == 1
    assert isinstance((await list_tasks(house))[0].task, Task)
    assert await said(redis, "agent:rejected") == []
