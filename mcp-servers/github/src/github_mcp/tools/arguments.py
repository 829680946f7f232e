"""The arguments that several tools share; every server of this house names them alike."""

from typing import Annotated

from mcp_kit.tool import Resource
from pydantic import Field

Repository = Annotated[
    str,
    Resource("repositories"),
    Field(description="owner/name", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$"),
]
IssueNumber = Annotated[int, Field(ge=1)]
PullNumber = Annotated[int, Field(ge=1)]
