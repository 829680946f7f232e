"""What the worker asks of an engine: one way to do a run."""

from dataclasses import dataclass
from typing import Protocol

from agent_contracts.event import Body

from agent_engine.engines.outcome import RunOutcome
from agent_engine.run_control import StopSignal
from agent_engine.spec import RunSpec


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an engine can do, and what it needs; the worker arranges a run by it.

    Attributes:
        stdin_message: it takes the prompt as a message on stdin; otherwise the prompt is an argument, whose size the
            kernel bounds.
        output_schema: it holds its answer to a JSON Schema itself; otherwise the system prompt asks for that schema.
        resume: it can go on from the session of an earlier run.
        model_api: it asks its model through model-api, which meters and bounds what it spends; otherwise usage is the
            engine's own word, and budgets in dollars and tokens bind nothing.
        own_key: the environment variable of a key of its own; the worker reads it once and drops it.
        egress: URLs that it calls beside model-api and its MCP servers.
        tools: the built-in tools that it can offer to a skill (`Bash`, `Read`, ...).
    """

    stdin_message: bool = True
    output_schema: bool = True
    resume: bool = True
    model_api: bool = True
    own_key: str | None = None
    egress: tuple[str, ...] = ()
    tools: frozenset[str] = frozenset()


class Sink(Protocol):
    """Takes what happens in a run. An error that it raises ends the run."""

    async def event(self, body: Body) -> None:
        """Take the next event; a tool result's text is exactly what the agent was given."""

    async def session(self, content: bytes) -> None:
        """Take the session as it stands, masked, for another run to resume."""


class Agent(Protocol):
    """What an engine says of the agent that it runs; a CLI's driver says it for its engine."""

    @property
    def name(self) -> str:
        """The engine's name in skills and tasks."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What its runs hold beside their own tokens; masked in everything that is kept of a run."""

    def lost(self, error: str) -> bool:
        """Say whether a tool's error is the agent's own word that an MCP server gave no answer."""


class Engine(Agent, Protocol):
    """One way to do a run."""

    @property
    def confinement(self) -> str:
        """Where its runs are confined, for people."""

    async def check(self) -> str:
        """Say which program in which version it would use. Raises DriverError when it is not installed."""

    async def run(self, spec: RunSpec, sink: Sink, stop: StopSignal) -> RunOutcome:
        """Do one run and say how it ended; nothing of it lives on afterwards, whatever happens.

        Raises:
            TaskRefused: this run cannot be done here, and no attempt would change that.
            ConfinementError: the confinement could not be set up.
            DriverError: what it runs is not installed.
        """
