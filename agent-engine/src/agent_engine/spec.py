"""What a run is given: plain values between the worker and its engine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class ServerSpec:
    """One MCP server of a run.

    Attributes:
        name: its name in the agent's configuration, and before the slash in `github/issue_read`.
        url: its address outside the confinement; without a path, `/sse` or `/mcp` follows from the transport.
        tools: its tools that the run may use, exactly.
    """

    name: str
    url: str
    transport: Literal["sse", "http"]
    token: str
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Everything that one run is started from.

    Attributes:
        folder: where a run may keep files when its confinement needs any; removed at the end.
        model_token: the token for it; empty for an engine that does not use it.
        built_in_tools: the engine's own tools that the skill grants (`Bash`, `Read`, ...).
        max_turns: how many the task has left; with none it is not run.
        idle_seconds: how long it may say nothing.
        output_mb: how much it may say, in MiB.
        resume: the session as an earlier run left it.
        references: a folder that the agent finds read-only at `/skill`.
    """

    task_id: UUID
    attempt: int
    folder: Path
    system_prompt: str
    prompt: str
    model: str
    model_api_url: str
    model_token: str
    servers: tuple[ServerSpec, ...]
    built_in_tools: tuple[str, ...] = ()
    output_schema: dict[str, Any] | None = None
    max_turns: int
    wall_seconds: float
    idle_seconds: float
    session_id: UUID
    resume: bytes | None = None
    references: Path | None = None
    output_mb: int = 64

    @property
    def secrets(self) -> tuple[str, ...]:
        """The run's own tokens: what is kept of the run is masked by them."""
        return (self.model_token, *(server.token for server in self.servers))
