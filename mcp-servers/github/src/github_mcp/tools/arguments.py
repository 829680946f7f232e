"""The arguments that several tools share, and how to narrow them; every server names them alike."""

from typing import Annotated

from agent_vendors.github import REPOSITORIES
from mcp_kit.tool import Resource
from pydantic import AfterValidator, Field

Repository = Annotated[str, Resource(REPOSITORIES), AfterValidator(REPOSITORIES.check), Field(description="owner/name")]
"""The schema says the form in words: a pattern would cost each tool 20 tokens."""
IssueNumber = Annotated[int, Field(ge=1)]
PullNumber = Annotated[int, Field(ge=1)]
FEWER = "A smaller limit or narrower filters give less."
"""The hint where a list was cut."""
