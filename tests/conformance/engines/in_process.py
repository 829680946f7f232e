"""An engine without a process: a coroutine in the worker, under the same clocks and the same stop as a CLI.

The product has none yet: this one shows that the protocol takes it, and is there to be copied.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from agent_contracts.event import Body, UsageEvent
from agent_engine.engines.outcome import EndedBy, RunOutcome, stopped
from agent_engine.engines.protocol import Capabilities, Sink
from agent_engine.engines.run_clock import RunClock
from agent_engine.run_control import StopSignal, end_tasks
from agent_engine.spec import RunSpec
from agent_engine.transcript import Transcript, mask_lines
from service_kit.redact import Masker

Work = Callable[[RunSpec, Sink], Coroutine[Any, Any, RunOutcome]]
"""Does a run: tells the sink what happens and gives its answer, its servers and why it failed, if it did."""


class InProcessEngine:
    """Does a run by awaiting a coroutine; one that is stopped is cancelled.

    Args:
        name: the engine's.
        work: does the run. An error that it raises is a crash of the attempt.
        capabilities: what it can do.
        secrets: what its runs hold beside their own tokens.
    """

    confinement = "none (inside the worker)"

    def __init__(self, name: str, work: Work, *, capabilities: Capabilities, secrets: tuple[str, ...] = ()) -> None:
        self.name = name
        self.capabilities = capabilities
        self.secrets = secrets
        self._work = work

    async def check(self) -> str:
        """Say that it is there."""
        return "inside the worker"

    def lost(self, error: str) -> bool:
        """Say no: its work tells by its outcome which servers it had."""
        return False

    async def run(self, spec: RunSpec, sink: Sink, stop: StopSignal) -> RunOutcome:
        """Do one run; see `protocol.Engine`."""
        clock = RunClock(wall_seconds=spec.wall_seconds, idle_seconds=spec.idle_seconds)
        heard = _Heard(sink, clock, Masker((*spec.secrets, *self.secrets)))
        working = asyncio.create_task(self._work(spec, heard))
        stopping = asyncio.create_task(stop.wait())
        try:
            ended_by = await _until_end(working, stop, stopping, clock)
            said = working.result() if working.done() else RunOutcome()
        finally:
            await end_tasks(working, stopping)
        return replace(
            said,
            ended_by=ended_by,
            failure=stopped(ended_by, spec) or said.failure,
            used=heard.used,
            session=heard.kept if said.session is None else heard.mask(said.session),
            transcript=heard.transcript.content(),
            duration_seconds=clock.seconds,
            confinement=self.confinement,
        )


class _Heard:
    """Passes on what a run says, keeps a transcript of it, and resets the idle clock."""

    def __init__(self, sink: Sink, clock: RunClock, masker: Masker) -> None:
        self._sink = sink
        self._clock = clock
        self._masker = masker
        self.transcript = Transcript(masker)
        self.used = RunOutcome().used
        self.kept: bytes | None = None

    async def event(self, body: Body) -> None:
        """Pass an event on."""
        self._clock.hear()
        self.transcript.add(body.model_dump_json().encode())
        if isinstance(body, UsageEvent):
            self.used = body.usage
        await self._sink.event(body)

    async def session(self, content: bytes) -> None:
        """Pass a session on, masked."""
        self.kept = self.mask(content)
        await self._sink.session(self.kept)

    def mask(self, content: bytes) -> bytes:
        """Mask a session, which is JSON lines."""
        return mask_lines(self._masker, content)


async def _until_end(
    working: asyncio.Task[RunOutcome], stop: StopSignal, stopping: asyncio.Task[None], clock: RunClock
) -> EndedBy:
    while True:
        seconds, _ = clock.due()
        watched: set[asyncio.Future[Any]] = {working, stopping}
        await asyncio.wait(watched, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return "exit"
        if stop.reason is not None:
            return stop.reason.value
        seconds, why = clock.due()
        if seconds <= 0:
            return why
