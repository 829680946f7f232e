"""The arguments that several tools share, and how to narrow them; every server of this house names them alike."""

import re
from collections.abc import Mapping
from typing import Annotated

from agent_vendors.github import REPOSITORIES
from mcp_kit.errors import WrongArguments
from mcp_kit.shown_names import Name
from mcp_kit.tool import Resource
from pydantic import AfterValidator, Field


def _check_ref(ref: str) -> str:
    if not ref or ":" in ref or any(map(str.isspace, ref)):
        raise ValueError("a branch, tag or commit of this repository is asked for, without blanks and colons")
    return ref


def _check_head(head: str) -> str:
    owner, colon, branch = head.rpartition(":")
    if colon and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}", owner):
        raise ValueError("a branch of this repository, or owner:branch of a fork, is asked for")
    _check_ref(branch)
    return head


Repository = Annotated[
    str, Resource(REPOSITORIES), AfterValidator(REPOSITORIES.check), Field(description=REPOSITORIES.description)
]
"""A repository; the schema says its grammar in words, as a pattern costs each tool 20 tokens."""
IssueNumber = Annotated[int, Field(ge=1)]
PullNumber = Annotated[int, Field(ge=1)]
Ref = Annotated[Name, AfterValidator(_check_ref), Field(max_length=255)]
"""A branch, tag or commit. A colon would lead to another repository."""
Head = Annotated[
    Name, AfterValidator(_check_head), Field(max_length=300, description="Branch, or owner:branch of a fork")
]
"""The branch of a new pull request."""


def narrowed(filters: Mapping[str, object]) -> str:
    """Return by what a list is narrowed, for its head: who reads `0 runs` takes it for all of them otherwise."""
    given = [name for name, value in filters.items() if value not in (None, [])]
    return f", narrowed by {', '.join(given)}" if given else ""


def require_method(method: str, *takes: str, **given: object) -> None:
    """Refuse arguments that other methods alone take: a reply that passed over them would mislead.

    Raises:
        WrongArguments: one of `given` is not None, and the method is none of `takes`.
    """
    names = [name for name, value in given.items() if value is not None]
    if names and method not in takes:
        raise WrongArguments(f"{', '.join(names)} goes with method={' or '.join(takes)}; nothing was sent.")


FEWER = "A smaller limit or narrower filters give less."
"""The hint where a list was cut."""
