"""What a run is given and what it leaves: plain values between the worker, the driver and the confinement."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from agent_engine.confinement.artifact_collector import Artifact
from agent_engine.confinement.limits import MIB, Kind

EndedBy = Literal["exit", "idle", "wall", "cancelled", "lost_lease", "shutdown", "crashed", "output"]


@dataclass(frozen=True, kw_only=True)
class ServerSpec:
    """One MCP server of a run.

    Attributes:
        name: its name in the CLI's configuration, and in tool names between `mcp__` and `__`.
        url: its address outside the confinement; without a path, `/sse` or `/mcp` follows from the transport.
        transport: how the CLI speaks to it.
        token: the task token for it.
    """

    name: str
    url: str
    transport: Literal["sse", "http"]
    token: str


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Everything one CLI process is started from.

    Attributes:
        folder: where a run may keep files when its confinement needs any; removed at the end.
        model_api_url: the address of model-api outside the confinement.
        allowed_tools: MCP tools by their CLI names, exactly (`mcp__github__issue_read`).
        built_in_tools: the CLI's own tools that the skill grants (`Bash`, `Read`, ...).
        max_turns: how many the task has left; with none it is not run.
        wall_seconds: how long the process may live.
        idle_seconds: how long it may say nothing.
        output_mb: how much it may say, in MiB.
        session_id: the id of the CLI's session, new or resumed.
        resume: the CLI's session as an earlier run left it.
        references: a folder that the CLI finds read-only at `/skill`.
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
    allowed_tools: tuple[str, ...]
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

    @property
    def output_bytes(self) -> int:
        """How much it may say, in bytes."""
        return self.output_mb * MIB


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How one CLI process ended and what it left.

    Attributes:
        returncode: the process's exit status; negative or above 128 after a signal.
        ended_by: "exit" when it ended by itself, else what stopped it.
        init: the CLI's first word on itself.
        last_result: the CLI's last result, whole; its word alone.
        stderr_tail: the end of what it wrote to stderr, masked.
        session: the CLI's session, masked, for another run to resume.
        transcript: every line of stdout as it came, masked.
        confinement: what confined it, for people.
        limits: what bounded its memory and processes, from the closed list.
        artifacts: the files that it left in `artifacts/`.
        reached: the bounds that it came up against, a line each.
    """

    returncode: int | None
    ended_by: EndedBy
    init: dict[str, Any] | None
    last_result: dict[str, Any] | None
    stderr_tail: str
    session: bytes | None
    transcript: bytes
    confinement: str
    duration_seconds: float
    artifacts: tuple[Artifact, ...] = ()
    limits: Kind = "none"
    reached: tuple[str, ...] = ()
