"""Ends one attempt: keeps what it left, and writes its end to the ledger. Nothing is written once the lease is lost."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import agent_effects
import agent_ledger
import asyncpg
from agent_contracts import EffectSummary, TaskResult
from agent_contracts.event import Finished, RetryEvent
from agent_contracts.event import Warning as WarningEvent
from agent_contracts.result import Artifact, Reason
from agent_ledger import ClaimedTask
from agent_stores.pool import DATABASE_ERRORS
from service_kit.log import get_logger
from service_kit.redact import Masker

from agent_engine.engines.outcome import Failure, RunOutcome
from agent_engine.event_writer import EventWriter
from agent_engine.run_control import Stop, StopSignal
from agent_engine.task_progress import TaskProgress
from agent_engine.transcript import masked_value
from agent_engine.verdict import Verdict
from agent_engine.worker_context import WorkerContext

LONGEST_PAUSE_SECONDS = 600
LONGEST_ASKED_SECONDS = 3900.0
"""A vendor that asks to wait for longer is asked again after that, as a gateway does: its limits are of an hour."""
SPREAD_SECONDS = 30.0
"""At most so long after a vendor's limit is over do the tasks begin that waited for it, not all at once."""
SETTLE_TRIES = 10
SETTLE_SECONDS = 0.1
WRITE_AGAIN_SECONDS = 1.0

Judge = Callable[[Sequence[EffectSummary]], Verdict]
"""Gives the verdict by the task's effects."""
log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Finalizer:
    """Ends one attempt.

    Attributes:
        session: the session's id, where there was a run.
        metered: whether model-api meters what the run spends.
        progress: what the task has used, over all attempts.
    """

    claim: ClaimedTask
    context: WorkerContext
    writer: EventWriter
    masker: Masker
    stop: StopSignal
    session: str | None
    metered: bool
    progress: TaskProgress

    async def close(self, judge: Judge, outcome: RunOutcome | None) -> str:
        """Judge and write the end; give what became of the attempt: succeeded, failed, cancelled, requeued or lost.

        A ledger that cannot be reached is tried again for as long as the lease may still be held.
        """
        verdict: Verdict | None = None
        while not self.stop.lost:
            try:
                verdict = verdict or await self._judged(judge)
                if not await self.writer.flush():
                    break
                await self._keep(verdict, outcome)
                return await self._write(verdict, outcome)
            except DATABASE_ERRORS as error:
                log.warning("end_not_written", error=str(error) or type(error).__name__)
                await asyncio.sleep(WRITE_AGAIN_SECONDS)
        return self._lost()

    async def _judged(self, judge: Judge) -> Verdict:
        verdict = judge(await agent_effects.effects_of(self.context.pool, self.claim.id))
        for remark in verdict.remarks:
            self.writer.add(WarningEvent(message=remark))
        return verdict

    async def _write(self, verdict: Verdict, outcome: RunOutcome | None) -> str:
        failure = verdict.failure
        if self.stop.reason is Stop.SHUTDOWN and verdict.status == "failed":
            if await self._requeue(Failure("crashed", "the worker was stopped"), after_seconds=0, counts=False):
                return "requeued"
        elif failure is not None and failure.retryable:
            pause = pause_before_next(
                failure, self.claim.attempt, first_seconds=self.context.settings.worker_retry_seconds, left=self._left()
            )
            if pause is None:
                late = f"{failure.message}; the {failure.after_seconds:.0f} s to wait end after the deadline"
                verdict = replace(verdict, failure=replace(failure, message=late))
            elif await self._requeue(failure, after_seconds=pause):
                return "requeued"
        result = await self._result(verdict, outcome)
        if not await agent_ledger.finish(self.context.pool, self.claim.id, self.claim.attempt, result):
            return self._lost()
        await self.writer.announce(Finished(status=result.status, reason=result.reason, message=result.message))
        self._tally(verdict.status, verdict.reason)
        log.info("finished", status=verdict.status, reason=verdict.reason, message=result.message)
        return verdict.status

    def _left(self) -> float | None:
        """Return the seconds until the task's deadline; None where it has none."""
        deadline = self.claim.deadline
        return None if deadline is None else (deadline - self.claim.clock.now()).total_seconds()

    async def _keep(self, verdict: Verdict, outcome: RunOutcome | None) -> None:
        """Keep transcript and session. After `mcp_down` drop the session: it says that tools are missing."""
        if outcome is None:
            return
        pool, claim = self.context.pool, self.claim
        await agent_ledger.save_transcript(pool, claim.id, claim.attempt, outcome.transcript)
        if verdict.reason == "mcp_down":
            await agent_ledger.forget_session(pool, claim.id, claim.attempt)
        elif outcome.session is not None and self.session is not None:
            await agent_ledger.save_session(pool, claim.id, claim.attempt, self.session, outcome.session)

    async def _requeue(self, failure: Failure, *, after_seconds: float, counts: bool = True) -> bool:
        reason, message = failure.reason, self.masker.mask(failure.message)
        handed = await agent_ledger.requeue(
            self.context.pool,
            self.claim.id,
            self.claim.attempt,
            reason=reason,
            message=message,
            after_seconds=after_seconds,
            counts=counts,
        )
        if handed:
            await self.writer.announce(RetryEvent(reason=reason, after_seconds=after_seconds, message=message))
            self._tally("requeued", reason)
            log.info("requeued", reason=reason, message=message, after_seconds=round(after_seconds, 1))
        return handed

    async def _result(self, verdict: Verdict, outcome: RunOutcome | None) -> TaskResult:
        pool, claim = self.context.pool, self.claim
        progress = self.progress
        spend = await settled(pool, claim, least_requests=1 if progress.turns and self.metered else 0)
        used = spend.usage if self.metered or outcome is None else outcome.used
        usage = used.model_copy(update={"turns": progress.turns, "tool_calls": progress.calls})
        return TaskResult(
            task_id=claim.id,
            status=verdict.status,
            reason=verdict.reason,
            message=self.masker.mask(verdict.message),
            output=masked_value(verdict.output, self.masker),
            partial=verdict.partial,
            claims=[
                claim.model_copy(update={"statement": self.masker.mask(claim.statement)}) for claim in verdict.claims
            ],
            effects=await agent_effects.effects_of(pool, claim.id),
            artifacts=await self._artifacts(outcome),
            usage=usage,
            cost_usd=spend.usd,
            estimated_usd=spend.estimated_usd,
            attempts=claim.attempt,
            session=self.session if outcome is not None else None,
        )

    async def _artifacts(self, outcome: RunOutcome | None) -> list[Artifact]:
        kept: list[Artifact] = []
        for number, left in enumerate(outcome.artifacts if outcome is not None else (), 1):
            name = self.masker.mask(left.name)
            if name != left.name:
                name = f"{name} ({number})"  # two names may differ in their secrets alone
            artifact = await agent_ledger.save_artifact(
                self.context.pool, self.claim.id, self.claim.attempt, name, self.masker.mask_bytes(left.content)
            )
            kept += [artifact] if artifact is not None else []
        return kept

    def _lost(self) -> str:
        self._tally("lost", None)
        log.warning("lease_lost", consequence="another worker has the task or will have it: nothing more is written")
        return "lost"

    def _tally(self, status: str, reason: Reason | None) -> None:
        self.context.metrics.attempts.labels(self.claim.task.skill, status, reason or "").inc()


def backoff(reason: Reason, attempt: int, *, first_seconds: float) -> float:
    """Give the pause before the next attempt: doubling, longer for the model's own limits, within 25 % of it."""
    base = first_seconds * (3 if reason in ("rate", "overloaded") else 1)
    return min(float(LONGEST_PAUSE_SECONDS), base * 2.0 ** (attempt - 1)) * random.uniform(0.75, 1.25)


def pause_before_next(failure: Failure, attempt: int, *, first_seconds: float, left: float | None) -> float | None:
    """Give the pause before the next attempt, or None where what the vendor asks to wait ends after the deadline.

    `left` are the seconds until the deadline, if there is one: the pause leaves a part of them to the next attempt.
    """
    asked = None if failure.after_seconds is None else min(failure.after_seconds, LONGEST_ASKED_SECONDS)
    pause = backoff(failure.reason, attempt, first_seconds=first_seconds)
    if asked is not None:
        pause = asked + min(pause, SPREAD_SECONDS)
    if left is None:
        return pause
    if asked is not None and asked >= left:
        return None
    return min(pause, max(0.0, (left + (asked or 0.0)) / 2))


async def settled(pool: asyncpg.Pool, claim: ClaimedTask, *, least_requests: int) -> agent_effects.Spend:
    """Read what a task has spent. Wait a little: model-api settles a request after it has sent the last byte.

    What is open after that is settled at estimates: the model-api that sent it may be dead.
    """
    spend = await agent_effects.spent(pool, claim.id)
    for _ in range(SETTLE_TRIES):
        if spend.requests >= least_requests and not spend.open:
            break
        await asyncio.sleep(SETTLE_SECONDS)
        spend = await agent_effects.spent(pool, claim.id)
    if spend.open:
        await agent_effects.estimate_open(pool, claim.id)
        spend = await agent_effects.spent(pool, claim.id)
    return spend
