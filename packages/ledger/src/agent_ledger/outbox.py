"""Delivers results, at least once: to streams and URLs. Owns `ledger.outbox` once rows are due.

Owns the Redis streams `agent:results` (the default tenant's), `agent:results:{tenant}` (bounded) and
`agent:results:{tenant}:{name}` (bounded, expiring).
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import asyncpg
from agent_stores.pool import Executor
from redis.asyncio import Redis
from redis.exceptions import RedisError
from service_kit.log import get_logger

from agent_ledger.replies import NotAllowed, NotDelivered, Replies
from agent_ledger.streams import append

Turn: TypeAlias = tuple[str, str]
"""Whose turn it is: a tenant's, to a host, or to its streams where that is empty."""
log = get_logger(__name__)
RESULTS = "agent:results"
DEFAULT_TENANT = "default"
MAX_LENGTH = 10_000
REPLY_STREAM_SECONDS = 7 * 86_400
LEASE_SECONDS = 60.0
"""Longer than a delivery takes: a row whose sender died is due again after it."""
PLACES = 20
PLACES_OF_TENANT = PLACES // 2
PLACES_OF_ONE = 4
"""How many rows a sender sends at once, how many of them of one tenant, and how many of one tenant to one host."""
MAX_URL_ATTEMPTS = 20
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 3600.0


TAKE = """
with recursive turns as (
    (select tenant, host from ledger.outbox where delivered_at is null and failed_at is null
        order by tenant, host limit 1)
    union all
    select following.* from turns, lateral (
        select o.tenant, o.host from ledger.outbox o
        where o.delivered_at is null and o.failed_at is null and (o.tenant, o.host) > (turns.tenant, turns.host)
        order by o.tenant, o.host limit 1) following
), due as materialized (
    select turns.*, row.id,
        coalesce(busy.sending, 0) + row_number() over (partition by turns.tenant, turns.host) as place
    from turns left join unnest($3::text[], $4::text[], $5::integer[]) busy (tenant, host, sending)
        using (tenant, host), lateral (
        select o.id from ledger.outbox o
        where o.delivered_at is null and o.failed_at is null and o.due_at <= now()
            and (o.tenant, o.host) = (turns.tenant, turns.host)
        order by o.due_at, o.id limit $6 - coalesce(busy.sending, 0) for update skip locked) row
    where $7::text is null or (turns.host <> '') = ($7 = 'urls')
), turn as (
    select due.id, tenant, coalesce(busy.sending, 0) + row_number() over (
        partition by tenant order by due.place, coalesce(due.host <= last.host, false), due.host) as place
    from due left join unnest($9::text[], $10::text[]) last (tenant, host) using (tenant)
        left join (select tenant, sum(sending) as sending from unnest($3::text[], $5::integer[]) one (tenant, sending)
            group by tenant) busy using (tenant)
), chosen as (
    select id, row_number() over (order by place, tenant <= $8, tenant) as nth
    from turn where place <= $11 order by nth limit $1
), taken as (
    update ledger.outbox o
    set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => $2)
    from chosen where o.id = chosen.id
    returning o.id, o.task_id, o.tenant, o.host, o.kind, o.target, o.attempts
)
select taken.*, r.status, r.body::text as result, r.finished_at, clock_timestamp() as taken_at
from taken join chosen using (id) join ledger.results r on r.task_id = taken.task_id order by chosen.nth
"""
"""Turns are read from an index, one probe each, and of each turn only the rows that it may have, however many wait."""


@dataclass(frozen=True)
class Message:
    """An outbox row and the result that it carries; `id` is the same in every delivery.

    Attributes:
        host: where the target is, empty for a stream.
        taken_at: when it was taken for this delivery, by PostgreSQL's clock.
    """

    id: int
    task_id: UUID
    tenant: str
    host: str
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


class Sender:
    """Sends results that are due, in turns of the tenants and of each one's hosts: of each only so many at once.

    Each sender has its own places; several workers share the rows. A row is leased before it is sent and marked after:
    a sender that dies in between makes the row due again. Channel `ledger_outbox` tells when rows were added.

    Args:
        executor: a pool, as rows are sent side by side.
        only: the kind of rows to send, so that slow receivers hold up no stream.
    """

    def __init__(
        self, redis: Redis, replies: Replies, executor: Executor, *, only: Literal["streams", "urls"] | None = None
    ) -> None:
        self.freed = asyncio.Event()
        """Set when a place became free; whoever waits for it clears it first."""
        self._redis = redis
        self._replies = replies
        self._executor = executor
        self._only = only
        self._sending: dict[asyncio.Task[None], Turn] = {}
        self._last: dict[str, str] = {}
        """The host of each tenant's last turn; the tenant whose turn was last is the last."""
        self._failed: BaseException | None = None

    async def start(self) -> int:
        """Begin to send what is due and has a place; return how many rows that is.

        Raises:
            asyncpg.PostgresError, OSError: the ledger cannot be reached, now or by a row that was sent.
        """
        self._raise_failure()
        if len(self._sending) >= PLACES:
            return 0
        messages = await self._take()
        for message in messages:
            self._last.pop(message.tenant, None)
            self._last[message.tenant] = message.host
            task = asyncio.create_task(_deliver_one(self._redis, self._replies, self._executor, message))
            self._sending[task] = (message.tenant, message.host)
            task.add_done_callback(self._ended)
        return len(messages)

    async def wait(self) -> None:
        """Wait until everything that was begun is sent or put off; cancelled, end it.

        Raises:
            asyncpg.PostgresError, OSError: the ledger cannot be reached.
        """
        try:
            await asyncio.gather(*self._sending, return_exceptions=True)
        finally:
            await self.aclose()
        self._raise_failure()

    async def aclose(self) -> None:
        """End what is being sent; its rows are due again when their lease is over."""
        sending = [*self._sending]
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def _take(self) -> list[Message]:
        """Lease the oldest due rows: the first of each tenant before the second of any, and so of each of its hosts.

        They begin after whose turn was last, and are in the order of their turns.
        """
        sending = Counter(self._sending.values())
        rows = await self._executor.fetch(
            TAKE,
            PLACES - len(self._sending),
            LEASE_SECONDS,
            [tenant for tenant, _ in sending],
            [host for _, host in sending],
            [*sending.values()],
            PLACES_OF_ONE,
            self._only,
            next(reversed(self._last), ""),
            [*self._last],
            [*self._last.values()],
            PLACES_OF_TENANT,
        )
        return [Message(**row) for row in rows]

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._sending[task]
        self.freed.set()
        if not task.cancelled():
            self._failed = task.exception() or self._failed

    def _raise_failure(self) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed


async def deliver(
    redis: Redis, replies: Replies, executor: Executor, *, only: Literal["streams", "urls"] | None = None
) -> int:
    """Send one turn of what is due and wait for its end; return how many rows were tried."""
    sender = Sender(redis, replies, executor, only=only)
    started = await sender.start()
    await sender.wait()
    return started


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
