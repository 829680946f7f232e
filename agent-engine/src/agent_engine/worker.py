"""The worker: loops that drain the inbox, claim tasks into slots, deliver results, and stop in order."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import agent_ledger
from agent_contracts import TaskResult
from agent_ledger import ClaimedTask, Replies, Sender, WorkerRow
from agent_stores.pool import DATABASE_ERRORS
from redis.exceptions import RedisError
from service_kit.errors import ConfigError
from service_kit.log import bound, get_logger

from agent_engine.attempt import attempt
from agent_engine.finalizer import backoff
from agent_engine.pg_listener import PgListener
from agent_engine.run_control import Stop, StopSignal, end_tasks
from agent_engine.worker_context import WorkerContext

BLOCK_MS = 1000
OUTBOX_SECONDS = 2.0
COUNT_SECONDS = 15.0
SERVERS_SECONDS = 1.0
ANNOUNCE_SECONDS = 15.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
SURVIVED = (*DATABASE_ERRORS, RedisError, ConfigError)

log = get_logger(__name__)


class Worker:
    """Works until it is told to stop."""

    def __init__(self, context: WorkerContext, replies: Replies, *, database_url: str) -> None:
        self._context = context
        self._replies = replies
        self._listener = PgListener(database_url, pools=context.settings.pool_names(), cancel=self._cancel)
        self._running: dict[tuple[UUID, int], StopSignal] = {}
        self._attempts: set[asyncio.Task[None]] = set()
        self._tidied = False
        self._servers_came = asyncio.Event()
        self._waits_told = False
        self._stream_faults: dict[str, str] = {}
        self._unreadable: dict[UUID, float] = {}
        self._turns = agent_ledger.Turns()
        self._name = context.settings.name
        context.metrics.slots.set(context.settings.worker_slots)

    async def serve(self, stop: asyncio.Event, hurry: asyncio.Event | None = None) -> None:
        """Work until `stop`, let runs end within the grace or until `hurry`, then hand back those that are left."""
        await agent_ledger.register_skills(self._context.pool, self._context.registry.rows())
        log.info("worker_started", worker=self._name, skills=sorted(self._context.registry.skills))
        stores = (self._context.redis, self._replies, self._context.pool)
        streams, urls = Sender(*stores, only="streams"), Sender(*stores, only="urls")
        loops = [
            asyncio.create_task(self._forever("listen", self._listener.listen)),
            asyncio.create_task(self._forever("outbox", partial(self._deliver, streams, self._listener.results))),
            asyncio.create_task(self._forever("replies", partial(self._deliver, urls, self._listener.replies))),
            asyncio.create_task(self._forever("count", self._count)),
            asyncio.create_task(self._forever("servers", self._watch_servers)),
        ]
        draining = asyncio.create_task(self._forever("drain", self._drain))
        announcing = asyncio.create_task(self._forever("announce", self._announce))
        try:
            await self._claim_until(stop)
            draining.cancel()
            await end_tasks(announcing)
            with contextlib.suppress(*SURVIVED):
                await agent_ledger.withdraw(self._context.pool, self._name)
            await self._wind_down(hurry or asyncio.Event())
            with contextlib.suppress(*SURVIVED):
                await agent_ledger.deliver(*stores)
        finally:
            for task in (draining, announcing, *loops, *self._attempts):
                task.cancel()
            await asyncio.gather(draining, announcing, *loops, *self._attempts, return_exceptions=True)
            await asyncio.gather(streams.aclose(), urls.aclose())
            log.info("worker_stopped", worker=self._name)

    async def _forever(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat a step for ever. An error is logged and counted; the step is then tried again after a pause."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await step()
                pause = FIRST_PAUSE_SECONDS
            except Exception as error:
                self._failed(name, error)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    def _failed(self, loop: str, error: Exception) -> None:
        self._context.metrics.loop_errors.labels(loop).inc()
        expected = isinstance(error, SURVIVED)
        log.warning("loop_failed", loop=loop, error=str(error) or type(error).__name__, exc_info=not expected)

    async def _drain(self) -> None:
        if not self._tidied:
            self._tidied = True  # tried once: a Redis that allows no scripts is drained all the same
            await agent_ledger.drop_gone_consumers(self._context.redis, self._context.access.current())
        done = await agent_ledger.drain(
            self._context.redis,
            self._context.pool,
            self._context.access.current(),
            consumer=self._name,
            block_ms=BLOCK_MS,
            faults=self._stream_faults,
        )
        self._context.metrics.drained.inc(done)

    async def _deliver(self, sender: Sender, news: asyncio.Event) -> None:
        news.clear()
        sender.freed.clear()
        started = await sender.start()
        self._context.metrics.delivered.inc(started)
        if started == 0:
            await _any_of(news, sender.freed, seconds=OUTBOX_SECONDS)

    async def _count(self) -> None:
        overview = await agent_ledger.overview(self._context.pool)
        self._context.metrics.waiting.clear()
        for count in overview.pools:
            if count.state == "queued":
                self._context.metrics.waiting.labels(count.pool).set(count.due)
        await asyncio.sleep(COUNT_SECONDS)

    async def _announce(self) -> None:
        settings = self._context.settings
        row = WorkerRow(
            name=self._name,
            pools=settings.pool_names(),
            engines=list(self._context.engines),
            skills=self._context.claimable(),
            slots=settings.worker_slots,
        )
        self._servers_came.clear()
        await agent_ledger.announce(self._context.pool, row)
        await _any_of(self._servers_came, seconds=ANNOUNCE_SECONDS)

    async def _watch_servers(self) -> None:
        """Ask the MCP servers until each has answered; their tasks are claimed from then on, until a run misses one."""
        servers = self._context.servers
        if came := await servers.look():
            log.info("servers_answered", servers=came)
            self._servers_came.set()
            self._listener.queued.set()
        if not servers.silent:
            self._waits_told = False
            await servers.until_missed()
            return
        if not self._waits_told:
            self._waits_told = True
            log.warning(
                "servers_waited_for", servers=servers.silent, consequence="tasks that need them are not claimed"
            )
        await asyncio.sleep(SERVERS_SECONDS)

    async def _claim_until(self, stop: asyncio.Event) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not stop.is_set():
            self._listener.queued.clear()
            if len(self._attempts) >= self._context.settings.worker_slots:
                await _any_of(stop, self._listener.queued)  # which the end of an attempt sets
                continue
            try:
                claim = await self._claim()
                pause = FIRST_PAUSE_SECONDS
            except Exception as error:
                self._failed("claim", error)
                await _any_of(stop, seconds=pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
                continue
            if claim is not None:
                self._start(claim)
            else:
                await _any_of(stop, self._listener.queued, seconds=self._context.settings.worker_poll_seconds)

    async def _claim(self) -> ClaimedTask | None:
        if fault := self._context.signer.fault():
            raise ConfigError(fault)
        return await agent_ledger.claim(
            self._context.pool,
            worker=self._name,
            lease_seconds=self._context.settings.worker_lease_seconds,
            pools=self._context.settings.pool_names(),
            engines=list(self._context.engines),
            skills=self._context.claimable(),
            complete=self._context.complete,
            tenants=self._context.access.current().tenants,
            turns=self._turns,
            unreadable=self._unreadable,
        )

    def _start(self, claim: ClaimedTask) -> None:
        stop = StopSignal()
        self._running[claim.id, claim.attempt] = stop
        task = asyncio.create_task(self._attempt(claim, stop))
        self._attempts.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, attempt: asyncio.Task[None]) -> None:
        self._attempts.discard(attempt)
        self._listener.queued.set()

    async def _attempt(self, claim: ClaimedTask, stop: StopSignal) -> None:
        try:
            with bound(task_id=str(claim.id), attempt=claim.attempt), self._context.metrics.running.track_inprogress():
                log.info("claimed", skill=claim.task.skill, door=claim.door, tenant=claim.task.tenant)
                try:
                    await attempt(claim, self._context, stop)
                except Exception as error:
                    log.exception("attempt_failed")
                    await self._give_back(claim, error)
        finally:
            del self._running[claim.id, claim.attempt]

    async def _give_back(self, claim: ClaimedTask, error: Exception) -> None:
        """Requeue a task whose attempt failed in our own code. If the ledger does not answer, its lease runs out."""
        pool, attempt = self._context.pool, claim.attempt
        message = f"the engine failed: {type(error).__name__}: {str(error)[:300]}"
        pause = backoff("crashed", attempt, first_seconds=self._context.settings.worker_retry_seconds)
        with contextlib.suppress(*DATABASE_ERRORS):
            if not await agent_ledger.requeue(
                pool, claim.id, attempt, reason="crashed", message=message, after_seconds=pause
            ):
                crashed = TaskResult(task_id=claim.id, status="failed", reason="crashed", message=message)
                await agent_ledger.finish(pool, claim.id, attempt, await self._context.complete(crashed))

    async def _wind_down(self, hurry: asyncio.Event) -> None:
        """Wait for runs to end, then tell those that are left to stop, and wait for that."""
        if not self._attempts:
            return
        log.info("winding_down", running=len(self._attempts), grace_seconds=self._context.settings.worker_grace_seconds)
        hurried = asyncio.create_task(hurry.wait())
        ended = asyncio.ensure_future(asyncio.wait(set(self._attempts)))
        try:
            await asyncio.wait(
                {hurried, ended},
                timeout=self._context.settings.worker_grace_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for signal in self._running.values():
                signal.set(Stop.SHUTDOWN)
            await ended
        finally:
            hurried.cancel()
            ended.cancel()
            await asyncio.gather(hurried, ended, return_exceptions=True)

    def _cancel(self, task_id: UUID) -> None:
        for (running, _), signal in self._running.items():
            if running == task_id:
                signal.set(Stop.CANCELLED)


async def _any_of(*events: asyncio.Event, seconds: float | None = None) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_tasks(*waits)
