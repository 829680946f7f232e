"""One CLI process from its start to its exit, watched by its clocks and by the worker."""

import asyncio
import contextlib
from typing import Any

from agent_contracts.event import ToolResult, UsageEvent
from agent_contracts.event import Warning as WarningEvent
from agent_contracts.result import Usage
from service_kit.log import get_logger
from service_kit.redact import Masker

from agent_engine.confinement.artifact_collector import collect, read_file
from agent_engine.confinement.limits import MIB
from agent_engine.confinement.protocol import Confinement
from agent_engine.confinement.sandboxed_process import SandboxedProcess
from agent_engine.drivers.protocol import ProcessExit, Stream
from agent_engine.engines.outcome import EndedBy, Failure, RunOutcome, stopped, unconnected
from agent_engine.engines.protocol import Sink
from agent_engine.engines.run_clock import RunClock
from agent_engine.run_control import Stop, StopSignal, end_tasks
from agent_engine.spec import RunSpec
from agent_engine.transcript import Lines, Transcript, mask_lines

PIECE = 64 * 1024
STDERR_TAIL = 8192
TERM_SECONDS = 5.0
LAST_WORDS_SECONDS = 15.0
CHECKPOINT_SECONDS = 5.0
SETTLE_SECONDS = 0.3
"""The CLI writes its session a moment after it prints a tool result."""
MOST_SESSION_BYTES = 64 << 20
MOST_LEFT = 20
LEAST_LINE_BYTES = 1024
"""What a line counts at least towards the limit on output: each becomes an event."""

log = get_logger(__name__)


class CliRun:
    """A started CLI with its clocks, its transcript and its session's checkpoints."""

    def __init__(
        self,
        spec: RunSpec,
        stream: Stream,
        confined: SandboxedProcess,
        sink: Sink,
        session_path: str,
        secrets: tuple[str, ...],
        clock: RunClock,
    ) -> None:
        self._spec = spec
        self._stream = stream
        self._confined = confined
        self._session_path = session_path
        self._sink = sink
        self._masker = Masker((*spec.secrets, *secrets))
        self._transcript = Transcript(self._masker)
        self._stderr = bytearray()
        self._used = Usage()
        self._said = 0
        self._flood: tuple[str, ...] = ()
        self._down: Failure | None = None
        self._look_again = asyncio.Event()
        self._news = asyncio.Event()
        self._clock = clock

    async def watch(self, stop: StopSignal, confinement: Confinement) -> RunOutcome:
        """Follow the CLI to its end, and end it when a clock, its answer or the worker says so."""
        readers = [asyncio.create_task(self._read_stdout()), asyncio.create_task(self._read_stderr())]
        keeper = asyncio.create_task(self._keep_session())
        try:
            ended_by = await self._until_end(readers[0], keeper, stop)
            returncode = await self._confined.wait()
            await self._last_words(readers)
            found = await asyncio.to_thread(collect, self._confined.work_folder)
            reached = (*self._flood, *self._confined.reached())
            await self._warn([*reached, *(f"artifact left: {line}" for line in found.left[:MOST_LEFT])])
            tail = self._masker.mask(self._stderr.decode("utf-8", "replace"))
            end = ProcessExit(returncode=returncode, by_worker=ended_by == "answer", stderr_tail=tail)
            return RunOutcome(
                ended_by=ended_by,
                failure=self._down or failure_of(self._stream, end, ended_by, self._spec, reached),
                answer=self._stream.answer,
                servers=self._stream.servers or {},
                used=self._used,
                session=await self._session(),
                transcript=self._transcript.content(),
                confinement=confinement.name,
                limits=confinement.limits.kind,
                reached=reached,
                duration_seconds=self._clock.seconds,
                artifacts=tuple(found.artifacts),
            )
        finally:
            self._confined.kill()
            await end_tasks(*readers, keeper)

    async def _until_end(self, reader: asyncio.Task[None], keeper: asyncio.Task[None], stop: StopSignal) -> EndedBy:
        ended = asyncio.create_task(self._confined.wait())
        stopping = asyncio.create_task(stop.wait())
        watched: tuple[asyncio.Task[Any], ...] = (ended, stopping, reader, keeper)
        for task in watched:
            task.add_done_callback(lambda _: self._news.set())
        try:
            while True:
                seconds, _ = self._clock.due()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, seconds)):
                        await self._news.wait()
                self._news.clear()
                for task in (reader, keeper):
                    if task.done():
                        task.result()
                if self._down is not None:
                    await self._end(patient=False)
                    return "mcp_down"
                if ended.done():
                    if self._flood:
                        return "output"
                    return "crashed" if ended.result() < 0 else "exit"
                if stop.reason is not None:
                    await self._end(patient=stop.reason is not Stop.LOST_LEASE)
                    return stop.reason.value
                seconds, why = self._clock.due()
                if seconds <= 0:
                    await self._end(patient=True)
                    return why
        finally:
            await end_tasks(ended, stopping)

    async def _end(self, *, patient: bool) -> None:
        if patient:
            self._confined.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TERM_SECONDS):
                    await self._confined.wait()
        self._confined.kill()

    async def _read_stdout(self) -> None:
        lines = Lines()
        while piece := await self._confined.stdout.read(PIECE):
            self._clock.hear()
            self._said += max(len(piece), LEAST_LINE_BYTES * piece.count(b"\n"))
            if self._said > self._spec.output_mb * MIB:
                self._flood = (f"limit on output: it said more than RUN_OUTPUT_MB={self._spec.output_mb}",)
                self._confined.kill()
                continue  # asyncio sees the process's end only once the pipe is empty
            for line in lines.feed(piece):
                await self._tell(line)
            self._clock.hear()
            await asyncio.sleep(0)  # a flood must not keep the worker from its heartbeats
        for line in lines.end():
            await self._tell(line)
        if lines.dropped:
            await self._sink.event(
                WarningEvent(message=f"{lines.dropped} lines of the CLI were too long and were dropped")
            )

    async def _tell(self, line: bytes) -> None:
        was_full = self._transcript.full
        self._transcript.add(line)
        if self._transcript.full and not was_full:
            await self._sink.event(WarningEvent(message="the transcript is full: what follows is not kept"))
        answered = self._stream.answered
        for body in self._stream.parse(line):
            await self._sink.event(body)
            if isinstance(body, ToolResult):
                self._look_again.set()
            elif isinstance(body, UsageEvent):
                self._used = body.usage
        if self._down is None and self._stream.servers is not None:
            self._down = unconnected(self._stream.servers, (server.name for server in self._spec.servers))
            if self._down is None:
                self._confined.release()
        if answered != self._stream.answered:
            self._clock.note_answer(whole=self._stream.answered)
            self._news.set()
        if self._down is not None:
            self._news.set()

    async def _read_stderr(self) -> None:
        while piece := await self._confined.stderr.read(PIECE):
            self._stderr += piece
            del self._stderr[:-STDERR_TAIL]

    async def _keep_session(self) -> None:
        """Hand out the session after tool results, until it stands still: the CLI writes it behind what it says."""
        kept: bytes | None = None
        while True:
            await self._look_again.wait()
            self._look_again.clear()
            await asyncio.sleep(SETTLE_SECONDS)
            session = await self._session()
            if session is None:
                self._look_again.set()
            elif session != kept:
                await self._sink.session(session)
                kept = session
                self._look_again.set()
            await asyncio.sleep(CHECKPOINT_SECONDS - SETTLE_SECONDS)

    async def _session(self) -> bytes | None:
        return await asyncio.to_thread(self._read_session)

    def _read_session(self) -> bytes | None:
        raw = read_file(self._confined.home_folder, self._session_path, most_bytes=MOST_SESSION_BYTES)
        return mask_lines(self._masker, raw) or None if raw is not None else None

    async def _last_words(self, readers: list[asyncio.Task[None]]) -> None:
        """Let what the CLI said be read to its end; nothing of the run holds the pipes any more."""
        done, late = await asyncio.wait(readers, timeout=LAST_WORDS_SECONDS)
        for task in done:
            task.result()
        if late:
            log.warning("pipes_held", task=str(self._spec.task_id), attempt=self._spec.attempt)

    async def _warn(self, lines: list[str]) -> None:
        for line in lines:
            await self._sink.event(WarningEvent(message=line))


def failure_of(
    stream: Stream, end: ProcessExit, ended_by: EndedBy, spec: RunSpec, reached: tuple[str, ...] = ()
) -> Failure | None:
    """Say why a CLI's run came to no answer: what it was stopped for, else its own word with the limits it reached."""
    failure = stopped(ended_by, spec, reached)
    if failure is not None:
        return failure
    failure = stream.failure(end)
    if failure is not None and failure.reason in ("crashed", "config") and reached:
        return Failure("crashed", f"{'; '.join(reached)}; {failure.message}")
    if failure is None and ended_by == "crashed":
        return Failure("crashed", f"a signal ended the CLI (status {end.returncode})")
    return failure
