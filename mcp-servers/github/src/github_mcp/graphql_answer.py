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
STATUSES = {"NOT_FOUND": 404, "FORBIDDEN": 403, "INSUFFICIENT_SCOPES": 403, "RATE_LIMITED": 429}
CAUSES = {"FORBIDDEN": "the token lacks the permission", "INSUFFICIENT_SCOPES": "the token lacks a scope"}
FIELD = re.compile(r"[A-Za-z]{1,40}")
SCOPES = re.compile(r"The '([A-Za-z]{1,40})' field requires one of the following scopes: \[('[a-z_:', ]{1,200})\]")
"""What GitHub's message of type INSUFFICIENT_SCOPES says: it has no path."""


class Fault(VendorDocument):
    """One of an answer's errors; `path` leads to what is missing for it."""

    type: str = ""
    message: str = ""
    path: list[str | int] = Field(default_factory=list)

    @property
    def field(self) -> str:
        """The name of what is missing."""
        if found := SCOPES.search(self.message):
            return found[1]
        names = [part for part in self.path if isinstance(part, str) and FIELD.fullmatch(part)]
        return names[-1] if names else "a part"

    @property
    def cause(self) -> str:
        """Why it is missing, in our words."""
        if found := SCOPES.search(self.message):
            return "the token has none of the scopes " + found[2].replace("'", "")
        return CAUSES.get(self.type, "it failed")


class Answer(VendorDocument):
    """An answer: `data`, `errors`, or both."""

    data: dict[str, Any] | None = None
    errors: list[Fault] = Field(default_factory=list)

    @property
    def first(self) -> Fault:
        """The error that says most."""
        return next((one for one in self.errors if one.type == "NOT_FOUND"), self.errors[0])

    @property
    def status(self) -> int:
        """The status with which REST would say the same."""
        return STATUSES.get(self.first.type, 422)

    def meaning(self, target: str) -> ToolFailed | Meaning:
        """Return why there is no data."""
        if self.status == 429:
            return rate_limited(None)
        if self.status == 403:
            lacking = "Do without it, or tell the operator which permission or scope GitHub's words name."
            return ToolFailed(f"The token may not do this with {target} (403).", next_step=lacking)
        if self.status in MEANINGS:
            return MEANINGS[self.status]
        return ToolFailed("GitHub does not accept this query.", next_step="Correct the arguments and call again.")

    @property
    def quoted(self) -> Quoted | None:
        """GitHub's own words on why there is no data; None where the status says as much."""
        if self.status in (404, 429):
            return None
        return Quoted("GitHub's own words", "\n".join(fault.message for fault in self.errors[:MOST_NOTED]))

    @property
    def lacks(self) -> bool:
        """Whether it has nothing, or not the thing that was asked for."""
        return self.data is None or not any(self.data.values()) or any(one.type == "NOT_FOUND" for one in self.errors)

    @property
    def notes(self) -> list[str]:
        """What is left out of the data, for want of a permission or for another cause."""
        left = dict.fromkeys(f"GitHub left out {fault.field}: {fault.cause}." for fault in self.errors)
        return list(left)[:MOST_NOTED]
