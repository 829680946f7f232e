"""GitHub's answer to a GraphQL operation: what it has, and what its errors mean. Pure.

Sources: the GraphQL specification, "Response"; types of errors from replies that users have published.
"""

import re
from typing import Any

from mcp_kit.error_messages import MEANINGS, Meaning, rate_limited
from mcp_kit.errors import Quoted, ToolFailed
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field

MOST_NOTED = 3
FIELD = re.compile(r"[A-Za-z]{1,40}")


class Fault(VendorDocument):
    """One of an answer's errors; `path` leads to what is missing for it."""

    type: str = ""
    message: str = ""
    path: list[str | int] = Field(default_factory=list)

    @property
    def field(self) -> str:
        """The name of what is missing."""
        names = [part for part in self.path if isinstance(part, str) and FIELD.fullmatch(part)]
        return names[-1] if names else "a part"


class Answer(VendorDocument):
    """An answer: `data`, `errors`, or both."""

    data: dict[str, Any] | None = None
    errors: list[Fault] = Field(default_factory=list)

    def meaning(self) -> ToolFailed | Meaning:
        """Return why there is no data."""
        first = self.errors[0]
        if first.type == "RATE_LIMITED":
            return rate_limited(None)
        if first.type == "NOT_FOUND":
            return MEANINGS[404]
        if first.type in ("FORBIDDEN", "INSUFFICIENT_SCOPES"):
            return MEANINGS[403]
        said = "\n".join(fault.message for fault in self.errors[:MOST_NOTED])
        return ToolFailed(
            "GitHub does not accept this query.",
            next_step="Correct the arguments and call again.",
            quoted=Quoted("GitHub's own words", said),
        )

    @property
    def notes(self) -> list[str]:
        """What is left out of the data, for want of a permission or for another cause."""
        left = dict.fromkeys((fault.field, fault.type) for fault in self.errors)
        return [
            f"GitHub left out {field}: {'the token lacks the permission' if kind == 'FORBIDDEN' else 'it failed'}."
            for field, kind in list(left)[:MOST_NOTED]
        ]
