"""The outbox: every result goes out at least once, signed, and only where it may."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from agent_contracts import TaskResult
from agent_ledger import Replies, deliver, drain, finish, outbox
from core.ledger.house import ACCESS, DOOR, STREAM, done, given, said, taken
from core.ledger.receiver import Receiver, receiving
from redis.asyncio import Redis
from service_kit.errors import ConfigError
from service_kit.origins import origin_of

KEY = b"0123456789abcdef01234567"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver of results."""
    async with receiving() as running:
        yield running


@pytest.fixture
async def replies(receiver: Receiver) -> AsyncIterator[Replies]:
    """The operator's list, with the receiver on it."""
    listed = Replies({receiver.origin: SECRET})
    yield listed
    await listed.aclose()


async def finished(pool: asyncpg.Pool, **fields: Any) -> UUID:
    """Bring a task to its end, from a door that sends to the origin of its `reply_to`."""
    url = fields.get("reply_to", {}).get("url")
    door = DOOR.model_copy(update={"reply_origins": [origin_of(url)]}) if url else DOOR
    name = await given(pool, door, **fields)
    claimed = await taken(pool)
    assert await finish(pool, claimed.id, claimed.attempt, done(claimed.id, output={"answer": "é\x00"}))
    return name


async def make_due(pool: asyncpg.Pool) -> None:
    """Let every pause and lease of the outbox be over."""
    await pool.execute("update ledger.outbox set due_at = clock_timestamp()")


async def test_result_of_an_entry_is_on_agent_results(redis: Redis, pool: asyncpg.Pool, replies: Replies) -> None:
    """The result of a task from the inbox is on `agent:results` with stream and entry."""
    await given(pool)
    await taken(pool)
    entry = await redis.xadd(STREAM, {"task": json.dumps({"skill": "triage", "input": "x"})})
    await drain(redis, pool, ACCESS, consumer="c", block_ms=10)
    claimed = await taken(pool)
    assert await finish(pool, claimed.id, 1, done(claimed.id))
    assert await deliver(redis, replies, pool) == 1
    (answer,) = await said(redis, "agent:results")
    assert (answer[b"stream"], answer[b"entry"], answer[b"status"]) == (STREAM.encode(), entry, b"succeeded")
    assert TaskResult.model_validate_json(answer[b"result"]).task_id == claimed.id
    assert await deliver(redis, replies, pool) == 0


async def test_reply_stream_is_the_tenants_and_expires(redis: Redis, pool: asyncpg.Pool, replies: Replies) -> None:
    """A stream reply goes to the tenant's own stream of that name, which does not stay for ever."""
    name = await finished(pool, reply_to={"stream": "ci"})
    await deliver(redis, replies, pool)
    (answer,) = await said(redis, "agent:results:default:ci")
    assert answer[b"task_id"] == str(name).encode()
    assert 0 < await redis.ttl("agent:results:default:ci") <= outbox.REPLY_STREAM_SECONDS


async def test_url_reply_is_signed(redis: Redis, pool: asyncpg.Pool, receiver: Receiver, replies: Replies) -> None:
    """A URL reply carries the result and a signature of Standard Webhooks over id, time and body."""
    name = await finished(pool, reply_to={"url": f"{receiver.origin}/hook?a=1"})
    await deliver(redis, replies, pool)
    ((first, headers, body),) = receiver.got
    assert first == "POST /hook?a=1 HTTP/1.1"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body)["data"]["task_id"] == str(name)
    assert await deliver(redis, replies, pool) == 0


async def test_url_reply_is_dated_by_the_ledger(
    redis: Redis, pool: asyncpg.Pool, receiver: Receiver, replies: Replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Receivers refuse what is minutes off: a delivery's date is PostgreSQL's, whatever its worker's clock says."""
    monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1e9 + 300)
    await finished(pool, reply_to={"url": f"{receiver.origin}/hook"})
    before = await pool.fetchval("select clock_timestamp()")
    await deliver(redis, replies, pool)
    ((_, headers, _),) = receiver.got
    after = await pool.fetchval("select clock_timestamp()")
    assert int(before.timestamp()) <= int(headers["webhook-timestamp"]) <= after.timestamp()


async def test_failed_delivery_comes_again(
    redis: Redis, pool: asyncpg.Pool, receiver: Receiver, replies: Replies
) -> None:
    """Errors and redirects are no delivery: the same message comes again after a pause, under one id."""
    receiver.replies = ["500 Oops", "302 Found", "200 OK"]
    await finished(pool, reply_to={"url": f"{receiver.origin}/hook"})
    for tries in (1, 2):
        assert await deliver(redis, replies, pool) == 1
        row = await pool.fetchrow("select attempts, delivered_at, error, due_at > now() as later from ledger.outbox")
        assert row is not None
        assert (row["attempts"], row["delivered_at"], row["later"]) == (tries, None, True)
        assert ("500", "302")[tries - 1] in row["error"]
        assert await deliver(redis, replies, pool) == 0
        await make_due(pool)
    await deliver(redis, replies, pool)
    assert await pool.fetchval("select delivered_at is not null from ledger.outbox")
    assert [first for first, _, _ in receiver.got] == ["POST /hook HTTP/1.1"] * 3
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1


async def test_given_up_in_the_end(redis: Redis, pool: asyncpg.Pool, receiver: Receiver, replies: Replies) -> None:
    """A receiver that never answers well is given up after the last attempt, and the row says why."""
    receiver.replies = ["503 No"]
    await finished(pool, reply_to={"url": f"{receiver.origin}/hook"})
    await pool.execute("update ledger.outbox set attempts = $1", outbox.MAX_URL_ATTEMPTS - 1)
    await deliver(redis, replies, pool)
    assert "given up" in await pool.fetchval("select error from ledger.outbox where failed_at is not null")


async def test_no_row_hurts_another(redis: Redis, pool: asyncpg.Pool, receiver: Receiver) -> None:
    """A delivery that fails in our own code is put off as any other, and what is beside it goes out."""

    class Failing(Replies):
        async def post(self, url: str, message_id: str, body: bytes, *, at: datetime) -> None:
            raise LookupError("a fault of ours")

    await finished(pool, reply_to={"url": f"{receiver.origin}/hook"})
    await finished(pool, reply_to={"stream": "ci"})
    assert await deliver(redis, Failing({}), pool) == 2
    assert len(await said(redis, "agent:results:default:ci")) == 1
    row = await pool.fetchrow("select error, due_at > now() as later from ledger.outbox where delivered_at is null")
    assert row is not None
    assert (row["error"], row["later"]) == ("a fault of ours", True)


async def test_a_reply_that_trickles_is_given_up_in_time(
    redis: Redis, pool: asyncpg.Pool, receiver: Receiver, replies: Replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is on the whole of a post; streams need not wait for it."""
    monkeypatch.setattr("agent_ledger.replies.TIMEOUT_SECONDS", 0.3)
    receiver.trickles = True
    await finished(pool, reply_to={"url": f"{receiver.origin}/hook"})
    await finished(pool, reply_to={"stream": "ci"})
    assert await deliver(redis, replies, pool, only="streams") == 1
    assert await deliver(redis, replies, pool, only="urls") == 1
    assert "no whole reply within 0.3 s" in await pool.fetchval("select error from ledger.outbox where kind = 'url'")
    await receiver.trickled.wait()


async def test_unlisted_origin_is_never_called(redis: Redis, pool: asyncpg.Pool, receiver: Receiver) -> None:
    """Nothing is sent to an origin that is not on the list, which is empty by default."""
    await finished(pool, reply_to={"url": f"{receiver.origin}/hook"})
    nobody = Replies({})
    await deliver(redis, nobody, pool)
    assert receiver.got == []
    assert "not at an origin" in await pool.fetchval("select error from ledger.outbox where failed_at is not null")


async def test_crash_between_send_and_mark_sends_again(
    redis: Redis, pool: asyncpg.Pool, receiver: Receiver, replies: Replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that dies after it sent and before it noted so leaves the row to the next one."""
    await finished(pool, reply_to={"url": f"{receiver.origin}/hook"})
    with monkeypatch.context() as patched:
        sent = asyncio.Event()

        async def die(*_: object) -> None:
            sent.set()
            await asyncio.sleep(60)

        patched.setattr(outbox, "mark_delivered", die)
        dying = asyncio.create_task(deliver(redis, replies, pool))
        await asyncio.wait_for(sent.wait(), 10)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    assert await deliver(redis, replies, pool) == 0
    await make_due(pool)
    assert await deliver(redis, replies, pool) == 1
    assert len(receiver.got) == 2
    assert receiver.got[0][1]["webhook-id"] == receiver.got[1][1]["webhook-id"]


async def test_two_workers_share_the_rows(
    redis: Redis, pool: asyncpg.Pool, replies: Replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that deliver at once send each row once between them."""
    monkeypatch.setattr(outbox, "PLACES", 3)
    for _ in range(30):
        await finished(pool, reply_to={"stream": "ci"})
    while sum(await asyncio.gather(deliver(redis, replies, pool), deliver(redis, replies, pool))):
        pass
    sent = [fields[b"id"] for fields in await said(redis, "agent:results:default:ci")]
    assert len(sent) == len(set(sent)) == 30


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.org:443/a", "https://example.org"),
        ("http://example.org:8080/", "http://example.org:8080"),
        ("https://example.org./", "https://example.org"),
        ("https://example.org@evil.net/", None),
        ("https://example.org\\@evil.net/", None),
        ("https://example.org:99999/", None),
        ("ftp://example.org/", None),
        ("https://[::1]:8/x", "https://[::1]:8"),
        ("https://example.org/a\x7fb", None),
        ("https://example.org/a\x00b", None),
        ("https://example.org/é", None),
    ],
)
def test_origin_has_one_form(url: str, origin: str | None) -> None:
    """Addresses are compared by scheme, host and port in one form; a user name or a backslash has none."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "listed",
    [{"example.org": SECRET}, {"https://a.b/path": SECRET}, {"https://a.b?q": SECRET}, {"https://a.b": "plain"}],
)
def test_wrong_list_is_named(listed: dict[str, str]) -> None:
    """A destination that is no origin, or whose secret has another form, is an error that names it."""
    with pytest.raises(ConfigError, match=re.escape(next(iter(listed)))):
        Replies(listed)
