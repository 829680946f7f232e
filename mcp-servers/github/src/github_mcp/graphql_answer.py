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
        why = {403: "the token lacks the permission"}
        left = dict.fromkeys((fault.field, STATUSES.get(fault.type, 0)) for fault in self.errors)
        return [
            f"GitHub left out {field}: {why.get(status, 'it failed')}." for field, status in list(left)[:MOST_NOTED]
        ]
