"""An engine that runs an agent CLI: a driver, a process and a confinement."""

import asyncio
import shutil
from collections.abc import Sequence

from agent_engine.confinement.protocol import Confinement
from agent_engine.confinement.sandbox_paths import Launch, SandboxPaths
from agent_engine.drivers.protocol import Driver
from agent_engine.engines.cli_run import CliRun
from agent_engine.engines.outcome import RunOutcome
from agent_engine.engines.protocol import Sink
from agent_engine.engines.run_clock import ANSWER_GRACE_SECONDS, RunClock
from agent_engine.errors import DriverError, TaskRefused
from agent_engine.run_control import StopSignal
from agent_engine.spec import RunSpec

MOST_ARGUMENT_BYTES = 120_000
"""The kernel takes no argument of 128 KiB or more."""


class CliEngine:
    """Runs one CLI process for each run.

    Args:
        answer_seconds: how long a CLI that has given its whole answer may take to exit by itself.
    """

    def __init__(
        self, driver: Driver, confinement: Confinement, *, answer_seconds: float = ANSWER_GRACE_SECONDS
    ) -> None:
        self._answer_seconds = answer_seconds
        self._driver = driver
        self._confinement = confinement
        self.name = driver.name
        self.capabilities = driver.capabilities
        self.secrets = driver.secrets
        self.lost = driver.lost
        self.confinement = f"{confinement.name}; {confinement.limits.name}"

    async def check(self) -> str:
        """Ask the CLI for its version."""
        program = self._driver.program()
        process = await asyncio.create_subprocess_exec(
            program,
            "--version",
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = (text.decode("utf-8", "replace").strip() for text in await process.communicate())
        if process.returncode != 0:
            raise DriverError(
                f"{program} --version ended with {process.returncode}: {complaint[-200:]}; install it again"
            )
        return said

    async def run(self, spec: RunSpec, sink: Sink, stop: StopSignal) -> RunOutcome:
        """Run one CLI process to its end; see `protocol.Engine`."""
        driver, confinement = self._driver, self._confinement
        refusal = confinement.refusal(spec.built_in_tools)
        if refusal is not None:
            raise TaskRefused("config", refusal)
        if not driver.capabilities.stdin_message and len(spec.prompt.encode()) > MOST_ARGUMENT_BYTES:
            raise TaskRefused("invalid", f"the input makes a prompt of over {MOST_ARGUMENT_BYTES} bytes: shorten it")
        model = [spec.model_api_url] if self.capabilities.model_api else []
        urls = [*model, *(server.url for server in spec.servers), *self.capabilities.egress]
        paths = confinement.plan(folder=spec.folder, program=driver.program(), urls=urls, references=spec.references)
        try:
            launch = Launch(
                argv=driver.argv(spec, paths),
                env=driver.env(spec, paths),
                stdin=driver.stdin(spec),
                files=driver.files(spec, paths),
                home_files=driver.restore(spec, paths),
                references=spec.references,
                held=_held(spec, model, paths),
            )
            confined = await confinement.start(paths, launch)
            try:
                clock = RunClock(
                    wall_seconds=spec.wall_seconds,
                    idle_seconds=spec.idle_seconds,
                    answer_seconds=self._answer_seconds,
                )
                path = driver.session_path(spec, paths)
                one = CliRun(spec, driver.stream(spec), confined, sink, path, self.secrets, clock)
                return await one.watch(stop, confinement)
            finally:
                await asyncio.shield(confined.close())
        finally:
            await asyncio.to_thread(shutil.rmtree, paths.folder, ignore_errors=True)


def _held(spec: RunSpec, model: Sequence[str], paths: SandboxPaths) -> str | None:
    """Return the model's URL, which a run reaches once its servers are connected.

    None where they have one address, where no forwarder is between, and where there are no servers.
    """
    servers = {paths.target(server.url) for server in spec.servers}
    return next((url for url in model if servers and paths.target(url) not in servers), None)
