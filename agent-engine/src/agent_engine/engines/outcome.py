"""How a run ended and what it left: all that verdict, evidence and finalizer know of an engine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent_contracts.result import RETRYABLE, Reason, Usage

from agent_engine.confinement.artifact_collector import Artifact
from agent_engine.confinement.limits import Kind
from agent_engine.spec import RunSpec

CONNECTED = "connected"
"""The state of an MCP server that a run can use."""

EndedBy = Literal[
    "exit", "answer", "idle", "wall", "cancelled", "lost_lease", "shutdown", "crashed", "output", "mcp_down"
]
"""What ended a run: itself ("exit"), the worker after its answer was whole ("answer"), or what stopped it."""


@dataclass(frozen=True)
class Failure:
    """Why a run did not succeed, from the closed list and in words; the seconds that were asked for before another."""

    reason: Reason
    message: str
    after_seconds: float | None = None

    @property
    def retryable(self) -> bool:
        """Whether another attempt may do better; the worker attempts the task again by it."""
        return self.reason in RETRYABLE


@dataclass(frozen=True, kw_only=True)
class RunOutcome:
    """How one run ended and what it left.

    Attributes:
        ended_by: what ended it.
        failure: why it came to no answer, and whether another attempt may do better; None where it ended well.
        answer: the agent's answer as JSON; None where it gave none. Its word alone.
        servers: the state of each MCP server as the engine saw it; `CONNECTED`, or its own word.
        used: what the engine says it used; its word alone.
        session: the session, masked, for another run to resume.
        transcript: every line that it said, masked.
        artifacts: the files that it left in `artifacts/`.
        confinement: what confined it, for people.
        limits: what bounded its memory and processes, from the closed list.
        reached: the bounds that it came up against, a line each.
    """

    ended_by: EndedBy = "exit"
    failure: Failure | None = None
    answer: Any = None
    servers: Mapping[str, str] = field(default_factory=dict)
    used: Usage = field(default_factory=Usage)
    session: bytes | None = None
    transcript: bytes = b""
    artifacts: tuple[Artifact, ...] = ()
    duration_seconds: float = 0.0
    confinement: str = "none"
    limits: Kind = "none"
    reached: tuple[str, ...] = ()


def stopped(ended_by: EndedBy, spec: RunSpec, reached: Iterable[str] = ()) -> Failure | None:
    """Say what a run was stopped for; None where it was not."""
    match ended_by:
        case "cancelled":
            return Failure("cancelled", "cancelled while it ran")
        case "output":
            return Failure("budget", f"the agent was stopped: {'; '.join(reached)}")
        case "idle":
            return Failure("idle", f"the agent said nothing for {spec.idle_seconds:g} s and was stopped")
        case "wall":
            return Failure("timeout", f"the run took longer than its {spec.wall_seconds:g} s and was stopped")
        case "lost_lease" | "shutdown":
            return Failure("crashed", "the worker stopped while the run was under way")
    return None


def unconnected(servers: Mapping[str, str], needed: Iterable[str]) -> Failure | None:
    """Name the MCP servers that a run needs and that its engine did not connect to; None where there are none."""
    down = [f"{name} ({servers.get(name, 'not there')})" for name in needed if servers.get(name) != CONNECTED]
    return Failure("mcp_down", f"MCP server not connected: {', '.join(down)}") if down else None
