"""Task events: what happened in an attempt, in order. Each kind has its own fields."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

from agent_contracts.model import WireModel
from agent_contracts.result import Reason, Usage


class Queued(WireModel):
    """The task's row is committed."""

    kind: Literal["queued"] = "queued"
    skill: str
    door: str


class Started(WireModel):
    """A run began: which driver, model and confinement serve it, and under which session."""

    kind: Literal["started"] = "started"
    worker: str
    driver: str
    model: str
    session: str | None = None
    confinement: str
    servers: dict[str, str] = Field(default_factory=dict)


class Text(WireModel):
    """The agent said something."""

    kind: Literal["text"] = "text"
    text: str


class Thinking(WireModel):
    """The agent thought aloud."""

    kind: Literal["thinking"] = "thinking"
    text: str


class ToolCall(WireModel):
    """The agent asked for a tool."""

    kind: Literal["tool_call"] = "tool_call"
    call_id: str
    server: str | None = None
    tool: str
    input: dict[str, Any] = Field(default_factory=dict)


class ToolResult(WireModel):
    """A tool answered; `ref` is set only when it was recomputed and fits."""

    kind: Literal["tool_result"] = "tool_result"
    call_id: str
    server: str | None = None
    tool: str
    ok: bool
    denied: bool = False
    text: str
    ref: str | None = None


class UsageEvent(WireModel):
    """What the CLI says that it has used so far. It is not checked."""

    kind: Literal["usage"] = "usage"
    usage: Usage


class Approval(WireModel):
    """A proposal waits for a decision, or was decided."""

    kind: Literal["approval"] = "approval"
    proposal: str
    state: str


class RetryEvent(WireModel):
    """A request or an attempt failed and is tried again."""

    kind: Literal["retry"] = "retry"
    reason: Reason
    after_seconds: float
    message: str = ""


class Warning(WireModel):  # noqa: A001 - the event's name on the wire
    """Something that a reader should know, and that does not end the run."""

    kind: Literal["warning"] = "warning"
    message: str


class Finished(WireModel):
    """The attempt ended."""

    kind: Literal["finished"] = "finished"
    status: str
    reason: Reason | None = None
    message: str = ""


Body = Annotated[
    Queued
    | Started
    | Text
    | Thinking
    | ToolCall
    | ToolResult
    | UsageEvent
    | Approval
    | RetryEvent
    | Warning
    | Finished,
    Field(discriminator="kind"),
]
body_adapter: TypeAdapter[Body] = TypeAdapter(Body, config=ConfigDict(defer_build=True))


class TaskEvent(WireModel):
    """One event of one attempt; `seq` counts from 1 in each attempt (attempt 0 is before the first run)."""

    task_id: UUID
    attempt: Annotated[int, Field(ge=0)]
    seq: Annotated[int, Field(ge=1)]
    at: AwareDatetime
    body: Body

    @property
    def sse_id(self) -> str:
        """The id on a server-sent event stream: `attempt-seq`."""
        return f"{self.attempt}-{self.seq}"
