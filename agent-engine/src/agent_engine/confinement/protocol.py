"""What an engine asks of one way to confine CLIs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from agent_engine.confinement.limits import Limits
from agent_engine.confinement.sandbox_paths import Launch, SandboxPaths
from agent_engine.confinement.sandboxed_process import SandboxedProcess


class Confinement(Protocol):
    """One way to confine CLIs."""

    @property
    def name(self) -> str:
        """What it is, for people and for the run's record."""

    @property
    def other_uid(self) -> bool:
        """Whether runs have another uid than the worker, which must be able to enter the folder above theirs."""

    @property
    def limits(self) -> Limits:
        """What bounds a run's memory and processes."""

    def refusal(self, built_in_tools: Iterable[str]) -> str | None:
        """Say why a run with these built-in tools is refused here; None when it is not."""

    def plan(self, *, folder: Path, program: Path, urls: Iterable[str], references: Path | None) -> SandboxPaths:
        """Plan where things will be for a run."""

    async def start(self, paths: SandboxPaths, launch: Launch) -> SandboxedProcess:
        """Start the CLI. Raises ConfinementError."""
