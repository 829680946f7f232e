"""Grants: what a run may do at one vendor."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from agent_contracts.model import WireModel

ToolName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f]+$")]
Resources = dict[Kind, list[Pattern]]
"""Resources of one vendor by kind (`repositories`, `projects`, `channels`): exact names, or `*` for a whole segment."""
Limits = dict[ToolName, Annotated[int, Field(ge=0)]]
"""Writes per tool, over all attempts of a task."""


class Mode(StrEnum):
    """What becomes of a grant's writes: refused (read), stored for approval (propose) or sent (write)."""

    read = "read"
    propose = "propose"
    write = "write"


class Grant(WireModel):
    """What a run may do at one vendor: exact tool names, resources, mode and limits."""

    tools: list[ToolName] = Field(default_factory=list)
    resources: Resources = Field(default_factory=dict)
    mode: Mode = Mode.read
    limits: Limits = Field(default_factory=dict)
