"""One run: one CLI process from its start to its exit, watched by an idle clock, a wall clock and the worker."""

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

from agent_contracts.event import Body, ToolResult
from agent_contracts.event import Warning as WarningEvent
from service_kit.log import get_logger
from service_kit.redact import Masker

from agent_engine.confinement.artifact_collector import collect, read_file
from agent_engine.confinement.folders import remove_earlier
from agent_engine.confinement.sandbox_paths import Confined, Confinement, Launch, Layout
from agent_engine.drivers.protocol import Driver, Stream
from agent_engine.errors import TaskRefused
from agent_engine.process import Stop, StopSignal, end_tasks
from agent_engine.spec import EndedBy, RunEnd, RunSpec, ServerSpec
from agent_engine.transcript import Lines, Transcript, mask_lines

__all__ = ["RunEnd", "RunSpec", "ServerSpec", "Stop", "StopSignal", "run"]

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

OnEvent = Callable[[Body], Awaitable[None]]
OnSession = Callable[[bytes], Awaitable[None]]
log = get_logger(__name__)


async def run(
    spec: RunSpec,
    *,
    driver: Driver,
    confinement: Confinement,
    on_event: OnEvent,
    on_session: OnSession,
    stop: StopSignal,
) -> RunEnd:
    """Run one CLI process and give how it ended; nothing of it lives on afterwards, whatever happens.

    Args:
        spec: what to run.
        driver: the code for the CLI.
        confinement: what to run it in.
        on_event: gets each event in order; a tool result's text is exactly what the CLI said.
        on_session: gets the CLI's session, masked, after tool results and at most every 5 seconds.
        stop: ends the run early.

    Raises:
        TaskRefused: the confinement here does not allow what the skill grants.
        ConfinementError: the confinement could not be set up.
        DriverError: the CLI is not installed or cannot be given this task.
    """
    refusal = confinement.refusal(spec.built_in_tools)
    if refusal is not None:
        raise TaskRefused("config", refusal)
    urls = [spec.model_api_url, *(server.url for server in spec.servers)]
    layout = confinement.layout(folder=spec.folder, program=driver.program(), urls=urls, references=spec.references)
    try:
        confined = await confinement.start(layout, _launch(spec, driver, layout))
        try:
            one = Run(spec, driver.stream(spec), confined, driver.session_path(spec, layout), on_event, on_session)
            return await one.watch(stop, confinement)
        finally:
            await asyncio.shield(confined.close())
    finally:
        await asyncio.to_thread(shutil.rmtree, layout.folder, ignore_errors=True)
        await asyncio.to_thread(remove_earlier, spec.folder)


def _launch(spec: RunSpec, driver: Driver, layout: Layout) -> Launch:
    return Launch(
        argv=driver.argv(spec, layout),
        env=driver.env(spec, layout),
        stdin=driver.stdin(spec),
        files=driver.files(spec, layout),
        home_files=driver.restore(spec, layout),
        references=spec.references,
    )


class Run:
    """A started CLI with its clocks, its transcript and its session's checkpoints."""

    def __init__(
        self,
        spec: RunSpec,
        stream: Stream,
        confined: Confined,
        session_path: str,
        on_event: OnEvent,
        on_session: OnSession,
    ) -> None:
        self._spec = spec
        self._stream = stream
        self._confined = confined
        self._session_path = session_path
        self._on_event = on_event
        self._on_session = on_session
        self._masker = Masker(spec.secrets)
        self._transcript = Transcript(self._masker)
        self._stderr = bytearray()
        self._said = 0
        self._flood: tuple[str, ...] = ()
        self._look_again = asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self._began = self._heard = self._clock()

    async def watch(self, stop: StopSignal, confinement: Confinement) -> RunEnd:
        """Follow the CLI to its end, and end it when a clock or the worker says so."""
        readers = [asyncio.create_task(self._read_stdout()), asyncio.create_task(self._read_stderr())]
        keeper = asyncio.create_task(self._keep_session())
        try:
            ended_by = await self._until_end(readers[0], keeper, stop)
            returncode = await self._confined.wait()
            await self._last_words(readers)
            collected = await asyncio.to_thread(collect, self._confined.work_folder)
            reached = (*self._flood, *self._confined.reached())
            await self._warn([*reached, *(f"artifact left: {line}" for line in collected.left[:MOST_LEFT])])
            return RunEnd(
                returncode=returncode,
                ended_by=ended_by,
                init=self._stream.init,
                last_result=self._stream.last_result,
                stderr_tail=self._masker.mask(self._stderr.decode("utf-8", "replace")),
                session=await self._session(),
                transcript=self._transcript.content(),
                confinement=confinement.name,
                limits=confinement.limits.kind,
                reached=reached,
                duration_seconds=self._clock() - self._began,
                artifacts=tuple(collected.artifacts),
            )
        finally:
            self._confined.kill()
            await end_tasks(*readers, keeper)

    async def _until_end(self, reader: asyncio.Task[None], keeper: asyncio.Task[None], stop: StopSignal) -> EndedBy:
        """Wait for the CLI's own end, or bring it about; an error of the worker's callbacks ends it too."""
        ended = asyncio.create_task(self._confined.wait())
        stopped = asyncio.create_task(stop.wait())
        watched: set[asyncio.Future[Any]] = {ended, stopped, reader, keeper}
        try:
            while True:
                deadline, reason = self._deadline()
                await asyncio.wait(
                    watched, timeout=max(0.0, deadline - self._clock()), return_when=asyncio.FIRST_COMPLETED
                )
                if keeper.done():
                    keeper.result()
                if reader.done():
                    reader.result()
                    watched.discard(reader)
                if ended.done():
                    if self._flood:
                        return "output"
                    return "crashed" if ended.result() < 0 else "exit"
                if stop.reason is not None:
                    await self._end(patient=stop.reason is not Stop.LOST_LEASE)
                    return stop.reason.value
                deadline, reason = self._deadline()
                if self._clock() >= deadline:
                    await self._end(patient=True)
                    return reason
        finally:
            for task in (ended, stopped):
                task.cancel()
            await asyncio.gather(ended, stopped, return_exceptions=True)

    def _deadline(self) -> tuple[float, EndedBy]:
        wall, idle = self._began + self._spec.wall_seconds, self._heard + self._spec.idle_seconds
        return (idle, "idle") if idle < wall else (wall, "wall")

    async def _end(self, *, patient: bool) -> None:
        """Ask the CLI to end, then end it."""
        if patient:
            self._confined.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TERM_SECONDS):
                    await self._confined.wait()
        self._confined.kill()

    async def _read_stdout(self) -> None:
        lines = Lines()
        while piece := await self._confined.read_stdout(PIECE):
            self._heard = self._clock()
            self._said += max(len(piece), LEAST_LINE_BYTES * piece.count(b"\n"))
            if self._said > self._spec.output_bytes:
                self._flood = (f"limit on output: it said more than RUN_OUTPUT_MB={self._spec.output_mb}",)
                self._confined.kill()
                continue  # asyncio sees the process's end only once the pipe is empty
            for line in lines.feed(piece):
                await self._tell(line)
            self._heard = self._clock()
            await asyncio.sleep(0)  # a flood must not keep the worker from its heartbeats
        for line in lines.end():
            await self._tell(line)
        if lines.dropped:
            await self._on_event(
                WarningEvent(message=f"{lines.dropped} lines of the CLI were too long and were dropped")
            )

    async def _tell(self, line: bytes) -> None:
        was_full = self._transcript.full
        self._transcript.add(line)
        if self._transcript.full and not was_full:
            await self._on_event(WarningEvent(message="the transcript is full: what follows is not kept"))
        for body in self._stream.parse(line):
            await self._on_event(body)
            if isinstance(body, ToolResult):
                self._look_again.set()

    async def _read_stderr(self) -> None:
        while piece := await self._confined.read_stderr(PIECE):
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
            if session is not None and session != kept:
                await self._on_session(session)
                kept = session
                self._look_again.set()
            await asyncio.sleep(CHECKPOINT_SECONDS - SETTLE_SECONDS)

    async def _session(self) -> bytes | None:
        """Read the CLI's session, masked; None where it has none."""
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
            await self._on_event(WarningEvent(message=line))
