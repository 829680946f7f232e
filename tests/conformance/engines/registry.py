"""The engines that the suite runs: each is loaded by its name, and told what to play by the run's prompt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent_engine.engines.outcome import RunOutcome
from agent_engine.engines.protocol import Engine, Sink
from agent_engine.run_control import StopSignal
from agent_engine.spec import RunSpec
from conformance.engines import scripted_claude
from conformance.engines.made_up import KEY_NAME

OWN_KEY = "own-key-of-the-made-up-engines"


@dataclass(frozen=True)
class Subject:
    """How the suite runs one engine.

    Attributes:
        environ: what its setup reads; `{program}` stands for the path of a program that `write` makes.
        write: makes that program before each run; None for an engine that plays by itself.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: {KEY_NAME: OWN_KEY})
    write: Callable[[Path, RunSpec], None] | None = None


SUBJECTS = {
    "murmur": Subject(),
    "echo": Subject(),
    "claude": Subject({"CLAUDE_CLI": "{program}"}, scripted_claude.write),
}


class Playing:
    """An engine whose program is made before each run."""

    def __init__(self, engine: Engine, program: Path, write: Callable[[Path, RunSpec], None]) -> None:
        self._engine = engine
        self._program = program
        self._write = write
        self.name = engine.name
        self.capabilities = engine.capabilities
        self.secrets = engine.secrets
        self.lost = engine.lost
        self.confinement = engine.confinement
        self.check = engine.check

    async def run(self, spec: RunSpec, sink: Sink, stop: StopSignal) -> RunOutcome:
        """Make the program, and run it."""
        self._write(self._program, spec)
        return await self._engine.run(spec, sink, stop)
