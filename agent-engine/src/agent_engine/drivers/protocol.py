"""What `CliEngine` asks of the code for one CLI; the rest of the engine knows no CLI by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agent_contracts.event import Body

from agent_engine.confinement.sandbox_paths import SandboxPaths
from agent_engine.engines.outcome import Failure
from agent_engine.engines.protocol import Agent
from agent_engine.spec import RunSpec


@dataclass(frozen=True, kw_only=True)
class ProcessExit:
    """How a CLI's process ended.

    Attributes:
        returncode: the exit status; negative or above 128 after a signal; None while it is not known.
        by_worker: whether the worker ended it after its answer, so that the status says nothing.
        stderr_tail: the end of what it wrote to stderr, masked.
    """

    returncode: int | None
    by_worker: bool = False
    stderr_tail: str = ""

    @property
    def killed(self) -> bool:
        """Whether a signal ended it, and not the worker's own."""
        return not self.by_worker and (self.returncode is None or self.returncode < 0 or self.returncode > 128)


class Stream(Protocol):
    """Reads one run's stdout, line by line."""

    @property
    def servers(self) -> Mapping[str, str] | None:
        """The state of each MCP server once the CLI has told it: `outcome.CONNECTED`, or the CLI's own word.

        Requests to the model are held until then, ten seconds at the most.
        """

    @property
    def answered(self) -> bool:
        """Whether the CLI has said its last word, so that only its exit is left."""

    @property
    def answer(self) -> Any:
        """The agent's answer as JSON; None while there is none."""

    def parse(self, line: bytes) -> list[Body]:
        """Give the events in a line; a line that is noise or unknown gives none."""

    def failure(self, end: ProcessExit) -> Failure | None:
        """Say why the CLI came to no answer, by its last word and its exit; None where it ended well."""


class Driver(Agent, Protocol):
    """The code for one CLI: what to start, what to give it, and how to read it.

    `SandboxPaths` says where things are, as the CLI sees them inside its confinement.
    """

    def program(self) -> Path:
        """Find the CLI's executable. Raises DriverError when it is not installed."""

    def argv(self, spec: RunSpec, paths: SandboxPaths) -> list[str]:
        """Give the whole argument list, the program first."""

    def env(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, str]:
        """Give the whole environment."""

    def stdin(self, spec: RunSpec) -> bytes:
        """Give what the CLI reads on stdin, which then ends."""

    def files(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, bytes]:
        """Give the files that the CLI finds read-only in `paths.files`, by name."""

    def restore(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, bytes]:
        """Give the files, by path below HOME, that make an earlier run's session known."""

    def session_path(self, spec: RunSpec, paths: SandboxPaths) -> str:
        """Say where below HOME the CLI keeps its session."""

    def stream(self, spec: RunSpec) -> Stream:
        """Make a reader for one run's stdout."""
