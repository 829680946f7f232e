"""The task: everything an agent is asked to do, whoever asked."""

import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, ValidationInfo, model_validator

from agent_contracts.grant import Resources
from agent_contracts.model import NARROWED, STORED, WireModel

SkillName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$", max_length=128)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=256)]
YEARS = range(1970, 9999)
"""Years whose times PostgreSQL can keep and Python can write, in any time zone."""


def _in_years(time: datetime, info: ValidationInfo) -> datetime:
    if time.year not in YEARS:
        if info.context == STORED:
            return time.replace(year=min(max(time.year, YEARS[0]), YEARS[-1]), day=min(time.day, 28))
        raise ValueError(f"the year {time.year} is not usable: give one from {YEARS[0]} to {YEARS[-1]}")
    return time


Time = Annotated[AwareDatetime, AfterValidator(_in_years)]

MAX_INPUT_BYTES = 1_048_576
NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""An escaped NUL in JSON text. A backslash that is itself escaped does not begin one."""


def holds_nul(text: str) -> bool:
    """Say whether JSON text holds a NUL character, which PostgreSQL cannot keep."""
    return "\\u0000" in text and NUL.search(text) is not None


class TaskState(StrEnum):
    """The state of a task. The last four are final."""

    queued = "queued"
    running = "running"
    waiting = "waiting"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"
    rejected = "rejected"

    @property
    def final(self) -> bool:
        """Whether the state is final."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({TaskState.succeeded, TaskState.failed, TaskState.cancelled, TaskState.rejected})


class Priority(StrEnum):
    """The order in which workers claim."""

    high = "high"
    normal = "normal"
    low = "low"


class Actor(WireModel):
    """Who asked: set by the door, never by the caller."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
    id: Key


class Origin(WireModel):
    """Where the task came from: set by the door, never by the caller."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
    ref: Key


class Budget(WireModel):
    """Upper bounds of a task over all its attempts. For a missing bound the skill's own holds."""

    usd: Annotated[Decimal, Field(ge=0, le=10_000), NARROWED] | None = None
    tokens: Annotated[int, Field(ge=0, le=10**12), NARROWED] | None = None
    turns: Annotated[int, Field(ge=1, le=1000), NARROWED] | None = None
    tool_calls: Annotated[int, Field(ge=0, le=10**9), NARROWED] | None = None
    wall_seconds: Annotated[int, Field(ge=1, le=86_400), NARROWED] | None = None

    def within(self, other: "Budget") -> "Budget":
        """Return the tighter of both bounds, field by field."""

        def tighter(name: str) -> Any:
            values = [value for value in (getattr(self, name), getattr(other, name)) if value is not None]
            return min(values) if values else None

        return Budget(**{name: tighter(name) for name in Budget.model_fields})


class Retry(WireModel):
    """How often a task may be attempted."""

    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3


class ReplyTo(WireModel):
    """Where the result goes: a stream `agent:results:{tenant}:{name}` or an allowed URL, exactly one of them."""

    stream: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    url: Annotated[str, StringConstraints(pattern=r"^https?://", max_length=2048)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.stream is None) == (self.url is None):
            raise ValueError("reply_to takes exactly one of 'stream' and 'url'")
        return self


class Task(WireModel):
    """One task: a skill, its input, and bounds that can only narrow the skill's.

    The door sets `tenant`, `actor` and `origin`, and refuses a caller's own.
    """

    skill: SkillName
    input: str | dict[str, Any]
    id: UUID | None = None
    engine: Name | None = None
    model: Name | None = None
    pool: Name | None = None
    priority: Priority = Priority.normal
    tenant: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = "default"
    actor: Actor | None = None
    resources: dict[str, Resources] | None = None
    dedupe_key: Key | None = None
    concurrency_key: Key | None = None
    not_before: Time | None = None
    deadline: Time | None = None
    budget: Budget = Field(default_factory=Budget)
    retry: Retry | None = None
    reply_to: ReplyTo | None = None
    origin: Origin | None = None
    parent_id: UUID | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    traceparent: Annotated[str, StringConstraints(pattern=r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")] | None = None

    @model_validator(mode="after")
    def _bounds(self, info: ValidationInfo) -> Self:
        if info.context == STORED:
            return self
        text = self.model_dump_json(include={"input"})
        if len(text.encode()) > MAX_INPUT_BYTES:
            raise ValueError(f"input is larger than {MAX_INPUT_BYTES} bytes: pass a reference to it instead")
        if holds_nul(text):
            raise ValueError("input holds a NUL character, which PostgreSQL cannot keep: remove it")
        if self.deadline and self.not_before and self.deadline <= self.not_before:
            raise ValueError("deadline is not after not_before")
        return self
