"""A scenario: a scripted model conversation, one step for each reply of the model."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stand_ins.model.errors import ScenarioError


class Part(BaseModel):
    """The base of what a scenario file holds: unknown keys are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Call(Part):
    """A tool call; the tool's short name (`issue_read`) finds `mcp__github__issue_read` among the tools offered."""

    tool: str
    input: dict[str, Any] | str = Field(default_factory=dict)


class ErrorBody(Part):
    """The error object of an Anthropic error reply; the type follows from the status when it is not given."""

    type: str | None = None
    message: str = "scripted by the stand-in"


class Step(Part):
    """One reply of the model: thinking, then text, then tool calls; or a fault.

    Every text is a template. `structured` calls the tool that the CLI offers for structured output.
    `attempts` gives the reply to the first, second, ... request of this step (each `times` over; the last one repeats).
    """

    when: str | None = None
    """An expression; where it is false this step is not there. Once the step before has played it may not change."""

    thinking: str | None = None
    text: str | None = None
    tool: str | None = None
    input: dict[str, Any] | str = Field(default_factory=dict)
    tools: list[Call] = Field(default_factory=list)
    structured: Any = None
    stop_reason: str | None = None
    usage: dict[str, int] = Field(default_factory=dict)

    status: Annotated[int, Field(ge=400, le=599)] | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    error: ErrorBody = Field(default_factory=ErrorBody)
    only_model: str | None = None
    """Other models than those whose name holds this are answered 529."""

    delay: Annotated[float, Field(ge=0)] = 0
    """Seconds before the reply begins."""
    until: str | None = None
    """Held back until a scenario of this name is there."""
    pause: Annotated[float, Field(ge=0)] = 0
    """Seconds between two deltas of a stream."""
    hang: bool = False
    """Accept the request and never answer."""
    stall: bool = False
    """Begin the stream, send one delta and then nothing more."""
    drop: bool = False
    """Begin the reply, send part of it and close the connection."""

    times: Annotated[int, Field(ge=1)] = 1
    attempts: list["Step"] = Field(default_factory=list)

    def calls(self) -> list[Call]:
        """Give the tool calls of this step in order, without the structured output."""
        first = [Call(tool=self.tool, input=self.input)] if self.tool else []
        return first + self.tools

    @property
    def least_calls(self) -> int:
        """How many tools a whole reply of this step calls at least; one that was cut off has fewer."""
        whole = [step for step in self.attempts or [self] if not (step.status or step.hang or step.stall or step.drop)]
        return min((len(step.calls()) + (step.structured is not None) for step in whole), default=0)

    def for_attempt(self, attempt: int) -> "Step":
        """Give the step that answers the `attempt`-th request (from 0) of this step."""
        if not self.attempts:
            return self
        for step in self.attempts:
            if attempt < step.times:
                return step
            attempt -= step.times
        return self.attempts[-1]


class Match(Part):
    """What must occur in the system prompt or the messages."""

    text: str | None = None
    regex: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.text is None) == (self.regex is None):
            raise ValueError("match takes exactly one of 'text' and 'regex'")
        if self.regex is not None:
            try:
                re.compile(self.regex)
            except re.error as error:
                raise ValueError(f"match.regex is not a regular expression: {error}") from error
        return self

    def found_in(self, text: str) -> bool:
        """Say whether this occurs in the text."""
        if self.text is not None:
            return self.text in text
        return re.search(self.regex or "", text) is not None


class Scenario(Part):
    """A named list of steps, and when it plays.

    It plays when the conversation names it (`SCENARIO:its-name`); else with `match` when that occurs, with `skill` when
    the system prompt has the line `Skill: NAME`, with both when both hold. Past its last step the last step is
    repeated, or with `loop` the first comes again.
    """

    name: str = ""
    note: str = ""
    match: Match | None = None
    skill: str | None = None
    loop: bool = False
    steps: Annotated[list[Step], Field(min_length=1)]

    def step(self, replies: Iterable[int], holds: Callable[[str], bool]) -> tuple[int, Step]:
        """Give the number of the step that plays, and the step, of those whose `when` holds.

        Args:
            replies: the number of tool calls of each reply so far; one with fewer than its step has was cut off.
            holds: says whether a `when` is true.

        Raises:
            ScenarioError: no step is left.
        """
        steps = [step for step in self.steps if step.when is None or holds(step.when)]
        if not steps:
            raise ScenarioError(f"scenario {self.name}: no step's 'when' holds")

        def at(number: int) -> Step:
            return steps[number % len(steps) if self.loop else min(number, len(steps) - 1)]

        number = 0
        for calls in replies:
            if calls >= at(number).least_calls:
                number += 1
        return number, at(number)

    @classmethod
    def from_mapping(cls, raw: object, *, name: str) -> "Scenario":
        """Read a scenario; `match` may be a plain text. Raises ScenarioError."""
        if not isinstance(raw, Mapping):
            raise ScenarioError(f"scenario {name}: not a mapping")
        content = {"name": name, **raw}
        if isinstance(content.get("match"), str):
            content["match"] = {"text": content["match"]}
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ScenarioError(f"scenario {name}: {where}: {first['msg']}") from error

    @classmethod
    def from_text(cls, text: str | bytes, *, name: str) -> "Scenario":
        """Read a scenario from YAML or JSON. Raises ScenarioError."""
        try:
            return cls.from_mapping(read_document(text), name=name)
        except yaml.YAMLError as error:
            raise ScenarioError(f"scenario {name}: not YAML: {error}") from error

    @classmethod
    def from_file(cls, path: Path) -> "Scenario":
        """Read a scenario file; its stem is the name when it gives none. Raises ScenarioError."""
        try:
            return cls.from_text(path.read_text(encoding="utf-8"), name=path.stem)
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError(f"scenario file {path} is not readable: {error}") from error


def read_document(text: str | bytes) -> Any:
    """Read JSON or YAML. JSON's escapes of characters beyond the basic plane are no YAML. Raises yaml.YAMLError."""
    try:
        return json.loads(text)
    except ValueError:
        return yaml.load(text, Loader=yaml.CSafeLoader)
