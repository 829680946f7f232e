"""One attempt of one task, from its claim to its end in the ledger."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import agent_effects
import agent_ledger
from agent_contracts import EffectSummary
from agent_contracts.event import Body, Started, ToolResult
from agent_ledger import Claim
from agent_stores.pool import DATABASE_ERRORS
from service_kit.grants import Bound, weaker
from service_kit.log import get_logger
from service_kit.redact import Masker

from agent_engine.errors import ConfinementError, DriverError, TaskRefused
from agent_engine.event_writer import EventWriter
from agent_engine.evidence import Evidence, is_answer, known_name
from agent_engine.finalizer import Finalizer, Judge
from agent_engine.lease import keep_lease
from agent_engine.mcp_liveness import McpLiveness
from agent_engine.process import Stop, StopSignal, end_tasks
from agent_engine.run import run
from agent_engine.run_spec_builder import RunPlan, last_session, plan_run
from agent_engine.skills.bind import Binding, bind
from agent_engine.skills.format import Skill
from agent_engine.spec import RunEnd
from agent_engine.task_progress import TaskProgress
from agent_engine.verdict import Facts, Verdict, judge
from agent_engine.worker_context import WorkerContext

EVENTS_PAGE = 1000
AGAIN_SECONDS = 0.5

Answer = TypeVar("Answer")
log = get_logger(__name__)


async def attempt(claim: Claim, context: WorkerContext, stop: StopSignal) -> str:
    """Do one attempt under its lease.

    Args:
        claim: the live attempt.
        context: what the worker's attempts share.
        stop: ends the attempt early.

    Returns:
        What became of it: succeeded, failed, cancelled, requeued or lost.
    """
    beating = asyncio.create_task(
        keep_lease(context.pool, claim.id, claim.attempt, seconds=context.settings.lease_seconds, stop=stop)
    )
    try:
        return await Attempt(claim, context, stop).work()
    finally:
        await end_tasks(beating)


class Attempt:
    """The work of one attempt; its lease is kept by another."""

    def __init__(self, claim: Claim, context: WorkerContext, stop: StopSignal) -> None:
        self._claim = claim
        self._context = context
        self._stop = stop
        self._evidence = Evidence(key=context.settings.ref_key, task=claim.id, attempt=claim.attempt)
        self._progress = TaskProgress(claim.attempt)

    async def work(self) -> str:
        """Bind, run, judge and close."""
        skill = self._context.registry.skills[self._claim.task.skill]
        try:
            plan = await self._plan(skill)
        except TaskRefused as refused:
            return await self._refuse(refused)
        masker = Masker(plan.spec.secrets)
        record = self._record(masker)
        async with record.kept():
            judging, end = await self._run(plan, record)
            closing = Finalizer(
                self._claim,
                self._context,
                record=record,
                masker=masker,
                stop=self._stop,
                session=str(plan.spec.session_id),
                progress=self._progress,
            )
            return await closing.close(judging, end)

    async def _plan(self, skill: Skill) -> RunPlan:
        binding = self._bound(skill)
        await self._recall()
        claim, context = self._claim, self._context
        written = partial(agent_effects.effects_of, context.pool, claim.id)
        return await plan_run(
            claim,
            context,
            skill=skill,
            binding=binding,
            effects=await self._asked(written) if claim.attempt > 1 else [],
            session=await self._asked(partial(last_session, claim, context)),
            turns_taken=self._progress.turns,
        )

    async def _asked(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask the ledger; one that is away is asked again for as long as a lease lasts: it costs no attempt."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._context.settings.lease_seconds
        while True:
            try:
                return await ask()
            except DATABASE_ERRORS as error:
                if clock() >= until:
                    raise
                log.warning("ledger_not_read", error=str(error) or type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)

    def _bound(self, skill: Skill) -> Binding:
        if self._claim.engine not in self._context.drivers:
            known = ", ".join(self._context.drivers)
            raise TaskRefused("config", f"engine '{self._claim.engine}' is not one of this worker's: {known}")
        return bind(skill, self._claim.task, self._opened())

    def _opened(self) -> dict[str, Bound]:
        """Give the door's bounds; where the tenant may only read, the run is told before it tries to write."""
        tenant = self._context.access.current().tenants.get(self._claim.task.tenant)
        entries = tenant.vendors if tenant is not None else {}
        return {
            vendor: bound.model_copy(update={"mode": weaker(bound.mode, entries[vendor].mode)})
            if vendor in entries
            else bound
            for vendor, bound in self._claim.vendors.items()
        }

    async def _refuse(self, refused: TaskRefused) -> str:
        masker = Masker(())
        closing = Finalizer(self._claim, self._context, record=self._record(masker), masker=masker, stop=self._stop)
        return await closing.close(_always(Verdict(status="failed", reason=refused.reason, message=str(refused))), None)

    def _record(self, masker: Masker) -> EventWriter:
        return EventWriter(
            self._claim,
            tenant=self._claim.task.tenant,
            pool=self._context.pool,
            live=self._context.live,
            masker=masker,
            lost=lambda: self._stop.set(Stop.LOST_LEASE),
        )

    async def _recall(self) -> None:
        """Take what earlier attempts of the task have proven, used and said."""
        after = (0, 0)
        while self._claim.attempt > 1:
            ask = partial(agent_ledger.events, self._context.pool, self._claim.id, after=after, limit=EVENTS_PAGE)
            page = await self._asked(ask)
            self._evidence.recall(page)
            self._progress.recall(page)
            if len(page) < EVENTS_PAGE:
                return
            after = (page[-1].attempt, page[-1].seq)

    async def _run(self, plan: RunPlan, record: EventWriter) -> tuple[Judge, RunEnd | None]:
        if plan.spec.max_turns < 1:
            return self._without_turns, None
        await self._turn()
        if self._stop.reason is not None:
            return _stopped_before(self._stop.reason), None
        driver = self._context.drivers[self._claim.engine]
        record.add(
            Started(
                worker=self._context.settings.worker_name,
                driver=driver.name,
                model=plan.spec.model,
                session=str(plan.spec.session_id),
                confinement=f"{self._context.confinement.name}; {self._context.confinement.limits.name}",
                servers={server.name: f"{server.transport} {server.url}" for server in plan.spec.servers},
            )
        )

        reach = McpLiveness(driver.lost)

        async def on_event(body: Body) -> None:
            body = self._evidence.observe(body)
            reach.observe(body)
            self._progress.observe(body)
            self._count(body)
            record.add(body)

        async def on_session(data: bytes) -> None:
            await self._keep_session(record, str(plan.spec.session_id), data)

        try:
            end = await run(
                plan.spec,
                driver=driver,
                confinement=self._context.confinement,
                on_event=on_event,
                on_session=on_session,
                stop=self._stop,
            )
        except TaskRefused as refused:
            return _always(Verdict(status="failed", reason=refused.reason, message=str(refused))), None
        except (ConfinementError, DriverError) as error:
            return _always(Verdict(status="failed", reason="config", message=str(error))), None
        self._context.metrics.run_seconds.labels(plan.skill.name, driver.name).observe(end.duration_seconds)
        self._context.metrics.confined.labels(end.confinement, end.limits).inc()
        self._context.metrics.reached.labels(end.limits).inc(bool(end.reached))
        return partial(self._judge, plan, end, reach), end

    async def _keep_session(self, record: EventWriter, session_id: str, data: bytes) -> None:
        """Keep a checkpoint; what the session knows is in the ledger first, or a resumed run could not prove it."""
        try:
            if await record.flush():
                await agent_ledger.save_session(
                    self._context.pool, self._claim.id, self._claim.attempt, session_id, data
                )
        except DATABASE_ERRORS as error:
            log.warning("session_not_kept", error=str(error) or type(error).__name__)

    async def _turn(self) -> None:
        """Wait for this worker's next start, or for the end of the attempt."""
        turn = asyncio.create_task(self._context.pacer.turn())
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({turn, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            turn.cancel()
            stop.cancel()
            await asyncio.gather(turn, stop, return_exceptions=True)

    def _count(self, body: Body) -> None:
        if isinstance(body, ToolResult) and not is_answer(body):
            outcome = "denied" if body.denied else "ok" if body.ok else "failed"
            self._context.metrics.tool_calls.labels(known_name(body), outcome, "yes" if body.ref else "no").inc()

    def _judge(self, plan: RunPlan, end: RunEnd, reach: McpLiveness, effects: Sequence[EffectSummary]) -> Verdict:
        verdict = judge(
            Facts(
                end=end,
                skill=plan.skill,
                binding=plan.binding,
                evidence=self._evidence,
                effects=effects,
                lost=reach.lost,
                words=self._progress.words,
                wall_seconds=plan.spec.wall_seconds,
                idle_seconds=plan.spec.idle_seconds,
            )
        )
        if verdict.reason == "timeout" and plan.by_deadline:
            return replace(verdict, reason="deadline", message="the deadline was over")
        return verdict

    def _without_turns(self, _: Sequence[EffectSummary]) -> Verdict:
        words = self._progress.words
        message = f"the {self._progress.turns} turns that the task has were taken by earlier attempts"
        return Verdict(status="failed", reason="turns", message=message, output=words, partial=words is not None)


def _stopped_before(reason: Stop) -> Judge:
    if reason is Stop.CANCELLED:
        return _always(Verdict(status="cancelled", reason="cancelled", message="cancelled before it ran"))
    return _always(Verdict(status="failed", reason="crashed", message="the worker was stopped before the run began"))


def _always(verdict: Verdict) -> Judge:
    """Give a verdict that no effect changes."""
    return lambda _: verdict
