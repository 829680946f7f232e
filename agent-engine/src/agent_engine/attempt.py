"""One attempt of one task, from its claim to its end in the ledger."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import agent_effects
import agent_ledger
from agent_contracts import EffectSummary
from agent_contracts.event import Started
from agent_contracts.event import Warning as WarningEvent
from agent_contracts.result import Reason
from agent_ledger import ClaimedTask
from agent_stores.pool import DATABASE_ERRORS
from service_kit.grants import Bound, narrow
from service_kit.log import get_logger
from service_kit.redact import Masker

from agent_engine.engines.outcome import CONNECTED, Failure, RunOutcome
from agent_engine.engines.protocol import Engine
from agent_engine.errors import ConfinementError, DriverError, TaskRefused
from agent_engine.event_writer import EventWriter
from agent_engine.evidence import Evidence
from agent_engine.finalizer import Finalizer, Judge
from agent_engine.lease import keep_lease
from agent_engine.ledger_sink import LedgerSink
from agent_engine.mcp_liveness import McpLiveness
from agent_engine.run_control import Stop, StopSignal, end_tasks
from agent_engine.run_spec_builder import RunPlan, last_session, plan_run
from agent_engine.skills.bind import bind
from agent_engine.skills.format import Skill
from agent_engine.task_progress import TaskProgress
from agent_engine.verdict import Facts, Verdict, judge
from agent_engine.worker_context import WorkerContext

EVENTS_PAGE = 1000
AGAIN_SECONDS = 0.5

Answer = TypeVar("Answer")
log = get_logger(__name__)


async def attempt(claim: ClaimedTask, context: WorkerContext, stop: StopSignal) -> str:
    """Do one attempt under its lease; `stop` ends it early.

    Returns:
        What became of it: succeeded, failed, cancelled, requeued or lost.
    """
    beating = asyncio.create_task(
        keep_lease(context.pool, claim.id, claim.attempt, seconds=context.settings.worker_lease_seconds, stop=stop)
    )
    try:
        return await Attempt(claim, context, stop).work()
    finally:
        await end_tasks(beating)


class Attempt:
    """Does the work of one attempt, while `keep_lease` keeps its lease."""

    def __init__(self, claim: ClaimedTask, context: WorkerContext, stop: StopSignal) -> None:
        self._claim = claim
        self._context = context
        self._stop = stop
        self._evidence = Evidence(key=context.settings.ref_key, task=claim.id, attempt=claim.attempt)
        self._progress = TaskProgress()

    async def work(self) -> str:
        """Bind the grant, run, judge and write the end."""
        skill = self._context.registry.skills[self._claim.task.skill]
        try:
            engine = self._engine(skill)
            plan = await self._plan(skill, engine)
        except TaskRefused as refused:
            return await self._finalizer(Masker(())).close(_always(refused.reason, str(refused)), None)
        finalizer = self._finalizer(
            Masker((*plan.spec.secrets, *engine.secrets)),
            session=str(plan.spec.session_id),
            metered=engine.capabilities.model_api,
        )
        async with finalizer.writer.kept():
            judging, outcome = await self._run(plan, engine, finalizer.writer)
            return await finalizer.close(judging, outcome)

    def _engine(self, skill: Skill) -> Engine:
        engine = self._context.engines.get(self._claim.engine)
        if engine is None:
            known = ", ".join(self._context.engines)
            raise TaskRefused("config", f"engine '{self._claim.engine}' is not one of this worker's: {known}")
        missing = sorted(set(skill.settings.built_in_tools) - engine.capabilities.tools)
        if missing:
            raise TaskRefused("config", f"engine '{engine.name}' cannot offer the built-in tools {', '.join(missing)}")
        return engine

    async def _plan(self, skill: Skill, engine: Engine) -> RunPlan:
        claim, context = self._claim, self._context
        binding = bind(skill, claim.task, self._opened(), context.settings.vendors)
        await self._recall()
        written = partial(agent_effects.effects_of, context.pool, claim.id)
        resumes = engine.capabilities.resume
        return await plan_run(
            claim,
            context,
            skill=skill,
            binding=binding,
            effects=await self._asked(written) if claim.attempt > 1 else [],
            session=await self._asked(partial(last_session, claim, context)) if resumes else None,
            capabilities=engine.capabilities,
            turns_taken=self._progress.turns,
            ended=self._progress.ended,
        )

    async def _asked(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask the ledger, again and again while it is unreachable, for as long as a lease lasts."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._context.settings.worker_lease_seconds
        while True:
            try:
                return await ask()
            except DATABASE_ERRORS as error:
                if clock() >= until:
                    raise
                log.warning("ledger_not_read", error=str(error) or type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)

    def _opened(self) -> dict[str, Bound]:
        """Give the door's bounds, narrowed by the tenant's resources and mode; its tools the gateway checks."""
        tenant = self._context.access.current().tenants.get(self._claim.task.tenant)
        entries = tenant.vendors if tenant is not None else {}
        return {
            vendor: narrow(bound, entries[vendor].model_copy(update={"tools": None, "limits": {}}), vendor)
            if vendor in entries
            else bound
            for vendor, bound in self._claim.vendors.items()
        }

    def _finalizer(self, masker: Masker, *, session: str | None = None, metered: bool = True) -> Finalizer:
        claim, context = self._claim, self._context
        writer = EventWriter(
            claim,
            pool=context.pool,
            live=context.live,
            masker=masker,
            lost=lambda: self._stop.set(Stop.LOST_LEASE),
        )
        return Finalizer(
            claim=claim,
            context=context,
            writer=writer,
            masker=masker,
            stop=self._stop,
            session=session,
            metered=metered,
            progress=self._progress,
        )

    async def _recall(self) -> None:
        """Read from the ledger what earlier attempts of the task have proven, used and said."""
        after = (0, 0)
        while self._claim.attempt > 1:
            ask = partial(agent_ledger.events, self._context.pool, self._claim.id, after=after, limit=EVENTS_PAGE)
            page = await self._asked(ask)
            self._evidence.recall(page)
            for event in page:
                self._progress.observe(event.attempt, event.body)
            if len(page) < EVENTS_PAGE:
                return
            after = (page[-1].attempt, page[-1].seq)

    async def _run(self, plan: RunPlan, engine: Engine, writer: EventWriter) -> tuple[Judge, RunOutcome | None]:
        if plan.spec.max_turns < 1:
            return self._without_turns, None
        await self._stop.wait(self._context.pacer.delay(asyncio.get_running_loop().time()))
        if self._stop.reason is not None:
            return _stopped_before(self._stop.reason), None
        writer.add(
            Started(
                worker=self._context.settings.name,
                driver=engine.name,
                model=plan.spec.model,
                session=str(plan.spec.session_id),
                confinement=engine.confinement,
                servers={server.name: f"{server.transport} {server.url}" for server in plan.spec.servers},
            )
        )
        if not engine.capabilities.model_api:
            writer.add(WarningEvent(message=f"engine {engine.name} spends outside model-api: no budget bounds it"))
        liveness = McpLiveness(engine.lost)
        sink = LedgerSink(
            claim=self._claim,
            context=self._context,
            writer=writer,
            evidence=self._evidence,
            progress=self._progress,
            liveness=liveness,
            session_id=str(plan.spec.session_id),
        )
        try:
            outcome = await engine.run(plan.spec, sink, self._stop)
        except TaskRefused as refused:
            return _always(refused.reason, str(refused)), None
        except (ConfinementError, DriverError) as error:
            return _always("config", str(error)), None
        metrics = self._context.metrics
        metrics.run_seconds.labels(plan.skill.name, engine.name).observe(outcome.duration_seconds)
        metrics.confined.labels(outcome.confinement, outcome.limits).inc()
        metrics.reached.labels(outcome.limits).inc(bool(outcome.reached))
        return partial(self._judge, plan, outcome, liveness), outcome

    def _judge(
        self, plan: RunPlan, outcome: RunOutcome, liveness: McpLiveness, effects: Sequence[EffectSummary]
    ) -> Verdict:
        verdict = judge(
            Facts(
                run=outcome,
                skill=plan.skill,
                binding=plan.binding,
                evidence=self._evidence,
                effects=effects,
                lost=liveness.lost,
                words=self._progress.words,
            )
        )
        if verdict.reason == "mcp_down":
            needed = {vendor.name for vendor in plan.binding.vendors}
            absent = {name for name in needed if outcome.servers.get(name) != CONNECTED}
            self._context.servers.miss(absent | liveness.lost.keys())
        if verdict.reason == "timeout" and plan.by_deadline:
            return replace(verdict, failure=Failure("deadline", "the deadline was over"))
        return verdict

    def _without_turns(self, _: Sequence[EffectSummary]) -> Verdict:
        words = self._progress.words
        message = f"the {self._progress.turns} turns that the task has were taken by earlier attempts"
        return Verdict(failure=Failure("turns", message), output=words, partial=words is not None)


def _stopped_before(reason: Stop) -> Judge:
    if reason is Stop.CANCELLED:
        return _always("cancelled", "cancelled before it ran")
    return _always("crashed", "the worker was stopped before the run began")


def _always(reason: Reason, message: str) -> Judge:
    """Give a verdict that no effect changes."""
    return lambda _: Verdict(failure=Failure(reason, message))
