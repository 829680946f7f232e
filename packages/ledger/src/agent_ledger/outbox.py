"""Delivers results, at least once: to streams and URLs. Owns `ledger.outbox` once rows are due.

Owns the Redis streams `agent:results` (the default tenant's), `agent:results:{tenant}` (bounded) and
`agent:results:{tenant}:{name}` (bounded, expiring).
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
from agent_stores.pool import Executor
from redis.asyncio import Redis
from redis.exceptions import RedisError
from service_kit.log import get_logger

from agent_ledger.replies import NotAllowed, NotDelivered, Replies
from agent_ledger.streams import append

log = get_logger(__name__)
RESULTS = "agent:results"
DEFAULT_TENANT = "default"
MAX_LENGTH = 10_000
REPLY_STREAM_SECONDS = 7 * 86_400
LEASE_SECONDS = 60.0
"""Longer than a batch takes: a row whose sender died is due again after it."""
BATCH = 20
AT_ONCE = 10
MAX_URL_ATTEMPTS = 20
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 3600.0


@dataclass(frozen=True)
class Message:
    """An outbox row and the result that it carries; `id` is the same in every delivery.

    `taken_at` is when it was taken for this one, by PostgreSQL's clock.
    """

    id: int
    task_id: UUID
    tenant: str
    kind: str
    target: str
    attempts: int
    status: str
    result: str
    finished_at: datetime
    taken_at: datetime

    @property
    def message_id(self) -> str:
        """The id by which a receiver drops what it has already."""
        return f"{self.task_id}-{self.id}"


async def deliver(
    redis: Redis,
    replies: Replies,
    executor: Executor,
    *,
    only: Literal["streams", "urls"] | None = None,
) -> int:
    """Send what is due, once; return how many rows were tried.

    A row is leased before it is sent and marked after: a sender that dies in between makes the row due again. Several
    workers may call this at once and share the rows. Channel `ledger_outbox` tells when rows were added.
    The executor is a pool, as rows are sent side by side; rows of one kind alone are taken so that slow receivers hold
    up no stream.
    """
    rows = await executor.fetch(
        """
        with taken as (
            update ledger.outbox
            set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => $2)
            where id in (
                select id from ledger.outbox
                where delivered_at is null and failed_at is null and due_at <= now()
                    and ($3::text is null or (kind = 'url') = ($3 = 'urls'))
                order by due_at, id limit $1 for update skip locked)
            returning id, task_id, tenant, kind, target, attempts
        )
        select taken.*, r.status, r.body::text as result, r.finished_at, clock_timestamp() as taken_at
        from taken join ledger.results r on r.task_id = taken.task_id order by taken.id
        """,
        BATCH,
        LEASE_SECONDS,
        only,
    )
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(message: Message) -> None:
        async with limit:
            await _deliver_one(redis, replies, executor, message)

    try:
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(one(Message(**row)))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return len(rows)


async def _deliver_one(redis: Redis, replies: Replies, executor: Executor, message: Message) -> None:
    try:
        if message.kind == "url":
            await replies.post(message.target, message.message_id, _webhook(message), at=message.taken_at)
        else:
            await _to_stream(redis, message)
    except NotAllowed as error:
        await mark_failed(executor, message.id, str(error))
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        raise
    except Exception as error:
        if not isinstance(error, NotDelivered | RedisError | OSError):
            log.exception("delivery_failed", outbox=message.id, task_id=str(message.task_id))
        why = str(error)[:500] or type(error).__name__
        if message.kind == "url" and message.attempts >= MAX_URL_ATTEMPTS:
            await mark_failed(executor, message.id, f"given up after {message.attempts} attempts: {why}")
        else:
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(message.attempts - 1, 12))
            await defer(executor, message.id, pause, why)
    else:
        await mark_delivered(executor, message.id)


async def _to_stream(redis: Redis, message: Message) -> None:
    fields = result_fields(message.message_id, message.task_id, message.tenant, message.status, message.result)
    if message.kind == "results":
        stream, _, entry = message.target.rpartition("/")
        await append_result(redis, message.tenant, stream, entry, fields)
        return
    key = f"{RESULTS}:{message.tenant}:{message.target}"
    await append(redis, key, fields, bound=MAX_LENGTH, expire_seconds=REPLY_STREAM_SECONDS)


async def append_result(redis: Redis, tenant: str, stream: str, entry: str, fields: dict[str, str]) -> None:
    """Answer an entry of a stream, on the stream that its tenant alone reads."""
    key = RESULTS if tenant == DEFAULT_TENANT else f"{RESULTS}:{tenant}"
    await append(redis, key, {"stream": stream, "entry": entry} | fields, bound=MAX_LENGTH)


def result_fields(message_id: str, task_id: UUID, tenant: str, status: str, result: str) -> dict[str, str]:
    """Return what every entry of a results stream says; the result is JSON."""
    return {"id": message_id, "task_id": str(task_id), "tenant": tenant, "status": status, "result": result}


def _webhook(message: Message) -> bytes:
    head = {"type": "task.finished", "timestamp": message.finished_at.isoformat(), "tenant": message.tenant}
    return (json.dumps(head)[:-1] + f', "data": {message.result}}}').encode()


async def mark_delivered(executor: Executor, message_id: int) -> None:
    """Note that a row was sent."""
    await executor.execute(
        "update ledger.outbox set delivered_at = clock_timestamp(), error = null where id = $1", message_id
    )


async def mark_failed(executor: Executor, message_id: int, error: str) -> None:
    """Mark a row as one that is sent no more, and keep why."""
    await executor.execute(
        """
        update ledger.outbox set failed_at = clock_timestamp(), error = $2
        where id = $1 and delivered_at is null
        """,
        message_id,
        error,
    )


async def defer(executor: Executor, message_id: int, seconds: float, error: str) -> None:
    """Make a row due again after a pause of 75 to 125 % of the seconds, and keep why."""
    await executor.execute(
        """
        update ledger.outbox
        set due_at = clock_timestamp() + make_interval(secs => $2 * (0.75 + random() / 2)), error = $3
        where id = $1 and delivered_at is null
        """,
        message_id,
        seconds,
        error,
    )
