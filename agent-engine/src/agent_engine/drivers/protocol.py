"""What the engine asks of the code for one CLI; the rest of the engine knows no CLI by name."""

from pathlib import Path
from typing import Any, Protocol

from agent_contracts.event import Body

from agent_engine.confinement.sandbox_paths import Layout
from agent_engine.spec import RunSpec


class Stream(Protocol):
    """Reads one run's stdout, line by line."""

    @property
    def init(self) -> dict[str, Any] | None:
        """The CLI's first word on itself: model, tools, the state of its MCP servers."""

    @property
    def last_result(self) -> dict[str, Any] | None:
        """The CLI's last word on how it went; a run may have several."""

    def parse(self, line: bytes) -> list[Body]:
        """Give the events in a line; a line that is noise or unknown gives none."""


class Driver(Protocol):
    """The code for one CLI: what to start, what to give it, and how to read it.

    Paths and addresses are the layout's: as the CLI sees them inside its confinement.
    """

    @property
    def name(self) -> str:
        """The engine's name in skills and tasks: `claude`."""

    def program(self) -> Path:
        """Find the CLI's executable. Raises DriverError when it is not installed."""

    def argv(self, spec: RunSpec, layout: Layout) -> list[str]:
        """Give the whole argument list, the program first."""

    def env(self, spec: RunSpec, layout: Layout) -> dict[str, str]:
        """Give the whole environment."""

    def stdin(self, spec: RunSpec) -> bytes:
        """Give what the CLI reads on stdin, which then ends."""

    def files(self, spec: RunSpec, layout: Layout) -> dict[str, bytes]:
        """Give the files that the CLI finds read-only in `layout.files`, by name."""

    def restore(self, spec: RunSpec, layout: Layout) -> dict[str, bytes]:
        """Give the files, by path below HOME, that make an earlier run's session known."""

    def session_path(self, spec: RunSpec, layout: Layout) -> str:
        """Say where below HOME the CLI keeps its session."""

    def stream(self, spec: RunSpec) -> Stream:
        """Make a reader for one run's stdout."""

    def lost(self, error: str) -> bool:
        """Say whether a tool's error is the CLI's own word that the server gave no answer."""
