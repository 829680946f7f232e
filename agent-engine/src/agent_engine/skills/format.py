"""SKILL.md: the Agent Skills format, read lenient, with our settings under `metadata`.

What a reader of the format may forgive becomes a warning; what would loosen a run becomes a problem, and a skill with
problems is never run.
"""

import difflib
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import yaml
from agent_contracts.grant import Grant
from agent_contracts.task import Budget
from agent_ledger import schema_errors
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from service_kit.validation_errors import field_errors

from agent_engine.schema import wrapped
from agent_engine.skills.required_effects import RequiredEffect, entries

FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)(.*)\Z", re.DOTALL)
TOOL_NAME = re.compile(r"[a-z0-9-]+/[a-z0-9_]+")
DEFAULT_MODEL = "claude-sonnet-5-5"
PRICES_OF = {"claude": "anthropic"}
"""Whose prices model-api takes for an engine's models, as genai-prices names the provider; other engines have none."""
BUILT_IN_TOOLS = frozenset({"Bash", "Edit", "Glob", "Grep", "Read", "Write"})
"""The engines' own tools that a skill may grant."""


class UnreadableSkill(Exception):
    """The skill's author acts: there is no skill to be had from this folder."""


def _effect(entry: object) -> object:
    return RequiredEffect.parse(entry) if isinstance(entry, str) else entry


class SkillSettings(BaseModel):
    """Our settings under `metadata`; the format wants every value as a string, plain YAML is taken too."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, alias_generator=lambda name: name.replace("_", "-"), coerce_numbers_to_str=True
    )

    engine: str = "claude"
    model: str = DEFAULT_MODEL
    pool: str = "default"
    max_turns: int = Field(default=20, ge=1, le=1000)
    budget_usd: Decimal | None = Field(default=Decimal("1.00"), ge=0, le=10_000)
    budget_tokens: int | None = Field(default=1_000_000, ge=0)
    wall_seconds: int = Field(default=900, ge=1, le=86_400)
    idle_seconds: int = Field(default=180, ge=1, le=86_400)
    max_attempts: int = Field(default=3, ge=1, le=20)
    servers: tuple[str, ...] = ()
    required_tools: tuple[str, ...] = ()
    required_effects: tuple[Annotated[RequiredEffect, BeforeValidator(_effect)], ...] = ()
    built_in_tools: tuple[str, ...] = ()
    concurrency_key: str | None = None
    input_schema: str | None = None
    output_schema: str | None = None
    grant: dict[str, Grant] = Field(default_factory=dict)

    @field_validator("servers", "required_tools", "built_in_tools", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("required_effects", mode="before")
    @classmethod
    def _effects(cls, value: object) -> object:
        return entries(value) if isinstance(value, str) else value

    @field_validator("required_tools")
    @classmethod
    def _with_server(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [f"'{name}'" for name in value if not TOOL_NAME.fullmatch(name)]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: not server/tool, as in github/issue_read")
        return value

    @field_validator("grant", mode="before")
    @classmethod
    def _yaml_inside(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return yaml.load(value, Loader=yaml.CSafeLoader) or {}
        except yaml.YAMLError as error:
            raise ValueError(f"not YAML: {error}") from None

    @property
    def needed_tools(self) -> tuple[str, ...]:
        """The tools without which the skill cannot do its work, each once."""
        return tuple(dict.fromkeys((*self.required_tools, *(effect.tool for effect in self.required_effects))))

    @property
    def budget(self) -> Budget:
        """The skill's own bounds of a task."""
        return Budget(
            usd=self.budget_usd, tokens=self.budget_tokens, turns=self.max_turns, wall_seconds=self.wall_seconds
        )


SETTING_NAMES = frozenset(str(item.alias) for item in SkillSettings.model_fields.values())


@dataclass(frozen=True, kw_only=True)
class Skill:
    """One skill as it was read.

    Attributes:
        version: SHA-256 over the folder's files, so that a task runs what it was accepted for.
        files: what a run may read under /skill, by relative path: everything but SKILL.md, schemas and scenarios.
        warnings: what the format forbids and a reader may forgive.
        problems: what is wrong with our settings; a skill with problems is not run.
    """

    name: str
    description: str
    folder: Path
    body: str
    version: str
    settings: SkillSettings
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def parse(text: str) -> tuple[dict[str, Any], str]:
    """Part SKILL.md into front matter and body. Raises UnreadableSkill where the first is missing or no mapping."""
    match = FRONT_MATTER.match(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    if match is None:
        raise UnreadableSkill("SKILL.md does not start with front matter between two lines '---'")
    try:
        front = yaml.load(match.group(1), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise UnreadableSkill(f"the front matter is not YAML: {error}") from None
    if not isinstance(front, dict):
        raise UnreadableSkill("the front matter is not a mapping of names to values")
    return front, match.group(2).strip()


def settings_of(front: dict[str, Any]) -> tuple[SkillSettings, list[str], list[str]]:
    """Read our settings out of `metadata`.

    Returns:
        The settings (the default for each that is unusable), the warnings and the problems.
    """
    metadata = front.get("metadata") or {}
    if not isinstance(metadata, dict):
        return SkillSettings(), [], ["metadata is not a mapping"]
    given = {str(key): value for key, value in metadata.items() if value is not None}
    warnings = []
    for key in given:
        near = difflib.get_close_matches(key, SETTING_NAMES, n=1, cutoff=0.8)
        if key not in SETTING_NAMES and near:
            warnings.append(f"metadata.{key} is not a setting: did you mean {near[0]}?")
    try:
        return SkillSettings.model_validate(given), warnings, []
    except ValidationError as error:
        found = field_errors(error, SkillSettings)
    wrong = {fault.place.partition(".")[0] for fault in found}
    sound = SkillSettings.model_validate({key: value for key, value in given.items() if key not in wrong})
    return sound, warnings, [f"metadata.{fault.place}: {fault.words}" for fault in found]


def schema_of(
    folder_files: dict[str, bytes], name: str | None, setting: str
) -> tuple[dict[str, Any] | None, list[str]]:
    """Read a JSON Schema out of the skill's files.

    Returns:
        The schema, and its problems in words.
    """
    if name is None:
        return None, []
    if name not in folder_files:
        return None, [f"metadata.{setting} names {name}, which is not in the skill's folder"]
    try:
        schema = json.loads(folder_files[name])
    except (ValueError, RecursionError) as error:
        return None, [f"{name} is not JSON: {error}"]
    if not isinstance(schema, dict):
        return None, [f"{name} is not a JSON Schema object"]
    wrong = schema_errors(schema)
    if not wrong and setting == "output-schema":
        wrong = schema_errors(wrapped(schema, with_refs=True))
    return schema, [f"{setting}: {text}" for text in wrong]
