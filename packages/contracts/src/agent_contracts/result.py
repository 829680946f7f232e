"""The result of a task: a status, a reason from a closed list, and what the verdict rests on."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from agent_contracts.model import WireModel

Reason = Literal[
    "budget",
    "turns",
    "auth",
    "rate",
    "overloaded",
    "server",
    "timeout",
    "idle",
    "deadline",
    "mcp_down",
    "denied",
    "schema",
    "evidence",
    "refusal",
    "cancelled",
    "crashed",
    "config",
    "invalid",
]
RETRYABLE: frozenset[Reason] = frozenset({"rate", "overloaded", "server", "crashed", "mcp_down"})
"""Reasons after which another attempt may succeed. After any other, it would fail in the same way."""


class Claim(WireModel):
    """A statement, and the refs of the tool results on which it rests."""

    statement: str
    refs: list[str]


class EffectSummary(WireModel):
    """A write of this task, as the gateway recorded it.

    Attributes:
        target: what was written to, in the vendor's own words.
        fields: the names of the body's fields that were sent, sorted.
        state: `partial` where the vendor took the write and left out some of what was asked.
    """

    id: UUID
    attempt: int
    vendor: str
    tool: str | None = None
    route: str
    target: str
    fields: list[str] = Field(default_factory=list)
    state: Literal["proposed", "approved", "denied", "expired", "sending", "done", "partial", "failed", "unknown"]
    url: str | None = None


class Usage(WireModel):
    """Tokens and turns."""

    input_tokens: Annotated[int, Field(ge=0)] = 0
    output_tokens: Annotated[int, Field(ge=0)] = 0
    cache_read_tokens: Annotated[int, Field(ge=0)] = 0
    cache_write_tokens: Annotated[int, Field(ge=0)] = 0
    requests: Annotated[int, Field(ge=0)] = 0
    turns: Annotated[int, Field(ge=0)] = 0
    tool_calls: Annotated[int, Field(ge=0)] = 0


class Artifact(WireModel):
    """A file that a run left, kept as a blob."""

    name: str
    bytes: int
    sha256: str


class TaskResult(WireModel):
    """How a task ended, over all its attempts.

    Attributes:
        output: the agent's answer, as its skill's output schema says.
        partial: whether `output` is not an answer, but the last text of the agent before the task ended.
        estimated_usd: the part of `cost_usd` that is an estimate, as the vendor's replies did not come to their end.
    """

    task_id: UUID
    status: Literal["succeeded", "failed", "cancelled", "rejected"]
    reason: Reason | None = None
    message: str = ""
    output: Any = None
    partial: bool = False
    claims: list[Claim] = Field(default_factory=list)
    effects: list[EffectSummary] = Field(default_factory=list)
    artifacts: list[Artifact] = Field(default_factory=list)
    usage: Usage = Field(default_factory=Usage)
    cost_usd: Decimal = Decimal(0)
    estimated_usd: Decimal = Decimal(0)
    attempts: int = 0
    session: str | None = None
