"""The arguments that several tools share, and how to narrow them; every server of this house names them alike."""

import re
from typing import Annotated

from mcp_kit.tool import Resource
from pydantic import AfterValidator, Field

OWNER_AND_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}/\.{0,2}[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def owner_and_name(text: str) -> str:
    """Return a repository's name if it is one. The schema says it in words: a pattern would cost each tool 20 tokens.

    Raises:
        ValueError: it is none.
    """
    if not OWNER_AND_NAME.fullmatch(text):
        raise ValueError("must be owner/name, as in octocat/hello-world")
    return text


Repository = Annotated[str, Resource("repositories"), AfterValidator(owner_and_name), Field(description="owner/name")]
IssueNumber = Annotated[int, Field(ge=1)]
PullNumber = Annotated[int, Field(ge=1)]
FEWER = "A smaller limit or narrower filters give less."
"""The hint where a list was cut."""
