"""Drains the inbox: stream entries of foreign programs become tasks in the ledger, or are rejected with a reason.

Owns the consumer group `agent-engine` on every stream of `access.yaml`. An entry is acknowledged and deleted only after
its row is committed, so a drain that dies in between leaves it to the next one, which finds the row. Redis counts how
often an entry was given to a drain; one that no drain gets done with is rejected.
"""

import asyncio
import re
import time
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from agent_contracts import Actor, Origin, task_id_for
from agent_stores.pool import DATABASE_ERRORS, transaction
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from service_kit.access import Access, Door
from service_kit.log import get_logger

from agent_ledger.cancellation import CancelOutcome, cancel
from agent_ledger.dead_letters import reject
from agent_ledger.errors import InvalidTask
from agent_ledger.stream_entries import record_entry, task_of_entry
from agent_ledger.streams import Fields, abandoned, count_deliveries, read_new, settle, take_over
from agent_ledger.submission import submit
from agent_ledger.task_parser import read_task
from agent_ledger.views import get_task

GROUP = "agent-engine"
BATCH = 16
ABANDONED_MS = 15_000
"""An entry that was read this long ago and is not acknowledged belongs to a drain that died."""
LONGEST_BLOCK_MS = 5_000
LATER_TURN_MS = 20
"""How long a stream's later turns are: for so long at the most a stream whose turn ended last is not read."""
MOST_TRIES = 3
"""An entry that ended its drain, or failed in it, so often is tried no more."""
OUTAGES = ("08", "25", "28", "3D", "3F", "42", "53", "57", "58")
"""Classes of PostgreSQL's errors that say nothing of the entry: the ledger is away, full, read-only or not migrated."""
ENTRY_ID = re.compile(r"\d+-\d+")
log = get_logger(__name__)


async def drain(
    redis: Redis,
    pool: asyncpg.Pool,
    access: Access,
    *,
    consumer: str,
    block_ms: int = 1000,
    abandoned_ms: int = ABANDONED_MS,
    faults: dict[str, str] | None = None,
) -> int:
    """Take in entries from every stream's door for about `block_ms`; give how many were done with.

    Each stream has a turn of that time, and short ones while any stream's turn still lasts, so that what is in one
    holds up no other. `consumer` is this drain's name, its own among all that run. After `abandoned_ms` another drain's
    entry is taken over. `faults` keeps from drain to drain why each stream was not given: the same is not logged again.

    Raises:
        RedisError: Redis cannot be reached, or gives no stream; what was not acknowledged stays. A stream alone that it
            does not give is logged.
        asyncpg.PostgresError, OSError: the ledger cannot be reached; likewise.
    """
    if not access.streams:
        await asyncio.sleep(block_ms / 1000)
        return 0
    known = {} if faults is None else faults
    in_turn = set(access.streams)
    drains = [
        _Drain(redis, pool, stream, door, consumer).run(block_ms, abandoned_ms, in_turn)
        for stream, door in access.streams.items()
    ]
    ended = dict(zip(access.streams, await asyncio.gather(*drains, return_exceptions=True), strict=True))
    failed = {stream: error for stream, error in ended.items() if isinstance(error, BaseException)}
    for stream, error in failed.items():
        if len(failed) == len(ended) or not isinstance(error, ResponseError):
            raise error
        if known.get(stream) != str(error):
            log.error("stream_unreadable", stream=stream, error=str(error))
    for stream in known.keys() - failed.keys():
        log.info("stream_given_again", stream=stream)
    known.clear()
    known.update({stream: str(error) for stream, error in failed.items()})
    return sum(done for done in ended.values() if isinstance(done, int))


@dataclass(frozen=True)
class _Drain:
    """What one drain does with one stream."""

    redis: Redis
    pool: asyncpg.Pool
    stream: str
    door: Door
    consumer: str

    async def run(self, block_ms: int, abandoned_ms: int, in_turn: set[str]) -> int:
        done = 0
        try:
            while in_turn:
                done += await self._turn(block_ms, abandoned_ms)
                in_turn.discard(self.stream)
                block_ms = min(block_ms, LATER_TURN_MS)
            return done
        finally:
            in_turn.discard(self.stream)

    async def _turn(self, block_ms: int, abandoned_ms: int) -> int:
        """Spend at most half of the time on abandoned entries, and the rest on new ones; batches are not broken off."""
        end, done, more = time.monotonic() + block_ms / 1000, 0, True
        while more and time.monotonic() <= end - block_ms / 2000:
            more, settled = await self._retry(abandoned_ms)
            done += settled
        while True:
            left_ms = 1 if more else int((end - time.monotonic()) * 1000)
            entries = await read_new(
                self.redis,
                self.stream,
                group=GROUP,
                consumer=self.consumer,
                count=BATCH,
                block_ms=min(left_ms, LONGEST_BLOCK_MS),
            )
            for entry, fields in entries:
                done += await self._settle(entry.decode(), fields, tries=1)
            if time.monotonic() >= end or (more and not entries):
                return done

    async def _retry(self, abandoned_ms: int) -> tuple[bool, int]:
        """Try a batch of abandoned entries, the least tried first; return whether it was full, and how many ended."""
        try:
            found = await abandoned(self.redis, self.stream, group=GROUP, count=BATCH, idle_ms=abandoned_ms)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._make_group()
            return False, 0
        done = 0
        for entry, tries in sorted(found, key=lambda one: one[1]):
            fields = await take_over(
                self.redis, self.stream, group=GROUP, consumer=self.consumer, entry=entry, idle_ms=abandoned_ms
            )
            if fields is not None:
                done += await self._settle(entry, fields, tries=tries + 1)
        return len(found) == BATCH, done

    async def _make_group(self) -> None:
        try:
            await self.redis.xgroup_create(self.stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def _settle(self, entry: str, fields: Fields, *, tries: int) -> int:
        """Take an entry in or reject it; 0 leaves it for a later try."""
        fault, message = "", ""
        try:
            if tries > MOST_TRIES:
                raise InvalidTask("poison", f"{MOST_TRIES} drains ended before they were done with it: it may be why")
            if not await self._take(entry, fields, tries == 1):
                return 0
        except InvalidTask as error:
            fault, message = error.fault, str(error)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError, RecursionError) as error:
            log.warning("the ledger cannot keep an entry", stream=self.stream, entry=entry, error=repr(error))
            fault, message = "encoding", f"the ledger cannot keep it: {type(error).__name__}: {error}"
        except Exception as error:
            if _outage(error):
                await self._forget_try(entry, tries)
                raise
            log.exception("entry_failed", stream=self.stream, entry=entry, tries=tries)
            if tries < MOST_TRIES:
                return 0
            fault, message = "poison", f"it failed {tries} times, at last with {type(error).__name__}: {error}"
        if fault:
            await reject(
                self.redis,
                door=self.door,
                stream=self.stream,
                entry=entry,
                fields=fields,
                fault=fault,
                message=message[:2000],
            )
        await settle(self.redis, self.stream, group=GROUP, entry=entry)
        return 1

    async def _forget_try(self, entry: str, tries: int) -> None:
        await count_deliveries(
            self.redis, self.stream, group=GROUP, consumer=self.consumer, entry=entry, times=tries - 1
        )

    async def _take(self, entry: str, fields: Fields, first_time: bool) -> bool:
        names = set(fields)
        if names == {b"task"}:
            await self._submit(entry, fields[b"task"])
            return True
        if names == {b"cancel"}:
            return await self._cancel(entry, fields[b"cancel"], first_time)
        shown = ", ".join(sorted(name[:64].decode("utf-8", "replace") for name in names)[:5])
        raise InvalidTask("field", f"an entry has the one field task or cancel, not: {shown}")

    async def _submit(self, entry: str, raw: bytes) -> None:
        task = read_task(raw)
        tenant = self.door.tenant
        task = task.model_copy(
            update={
                "id": task.id or task_id_for(tenant, self.stream, entry),
                "actor": Actor(kind="stream", id=self.stream),
                "origin": Origin(kind="stream", ref=f"{self.stream}/{entry}"),
            }
        )
        async with transaction(self.pool) as connection:
            submitted = await submit(connection, task, door=self.door)
            await record_entry(connection, tenant, self.stream, entry, submitted.id)

    async def _cancel(self, entry: str, raw: bytes, first_time: bool) -> bool:
        """Cancel a task by its id or by the entry that asked for it; False leaves the entry for a second look."""
        wanted = raw[:64].decode("utf-8", "replace").strip()
        if ENTRY_ID.fullmatch(wanted):
            task_id = await task_of_entry(self.pool, self.door.tenant, self.stream, wanted)
        else:
            try:
                task_id = UUID(wanted)
            except ValueError:
                raise InvalidTask("field", f"cancel takes a task's id or its entry's id, not {wanted!r}") from None
        if task_id is not None:
            by = f"stream:{self.stream}/{entry}"
            outcome = await cancel(self.pool, task_id, tenant=self.door.tenant, by=by)
            if outcome is CancelOutcome.already_final and not await self._cancelled(task_id, by):
                raise InvalidTask("final", f"task {task_id} has ended: there is nothing left to cancel")
            if outcome is not CancelOutcome.not_found:
                return True
        if first_time:
            # Another drain may be about to commit that very task; the entry comes again as an abandoned one.
            return False
        raise InvalidTask("unknown", f"there is no task {wanted} to cancel")

    async def _cancelled(self, task_id: UUID, by: str) -> bool:
        """Return whether an earlier try of this entry asked for the task's end."""
        view = await get_task(self.pool, task_id)
        return view is not None and view.cancelled_by == by


def _outage(error: Exception) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(OUTAGES)
    return isinstance(error, DATABASE_ERRORS)
