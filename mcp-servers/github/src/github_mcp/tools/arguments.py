"""The arguments that several tools share, and how to narrow them; every server of this house names them alike."""

from typing import Annotated

from agent_vendors.github import REPOSITORIES
from mcp_kit.tool import Resource
from pydantic import AfterValidator, Field

Repository = Annotated[
    str, Resource(REPOSITORIES), AfterValidator(REPOSITORIES.check), Field(description=REPOSITORIES.description)
]
"""A repository; the schema says its grammar in words, as a pattern costs each tool 20 tokens."""
IssueNumber = Annotated[int, Field(ge=1)]
PullNumber = Annotated[int, Field(ge=1)]
FEWER = "A smaller limit or narrower filters give less."
"""The hint where a list was cut."""
