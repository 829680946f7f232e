"""What a tool call can end with other than a reply; the class says who acts next, the message what to do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from service_kit.untrusted_text import is_hidden


@dataclass(frozen=True)
class Quoted:
    """Foreign text that an error has to show, and what it is in our words."""

    label: str
    text: str


class ToolFailed(Exception):
    """The model acts: the message says in our own words what failed, `next_step` what to try instead.

    Foreign text, an upstream's body or a token never belong into either; what must be shown is `quoted`, and fenced.
    `status` is that of the vendor's reply, where one was the cause.
    """

    outcome = "failed"
    status: int | None = None

    def __init__(self, message: str, *, next_step: str = "", quoted: Quoted | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.quoted = quoted


class WrongArguments(ToolFailed):
    """The model acts: the call's arguments are not usable; nothing was sent."""

    outcome = "invalid"


class Refused(ToolFailed):
    """The model takes another way: its grant or the operator's selection forbids this; nothing was sent."""

    outcome = "refused"


class TooFast(ToolFailed):
    """The model waits: it called more often than the operator allows; nothing was sent."""

    outcome = "limited"


class Unavailable(ToolFailed):
    """The model waits: the vendor, or what stands before it, gave no answer or asks to wait; it may later.

    The engine attempts a task again that came to nothing for want of it, at the earliest after `seconds`.
    """

    outcome = "unavailable"

    def __init__(
        self, message: str, *, next_step: str = "", quoted: Quoted | None = None, seconds: int | None = None
    ) -> None:
        super().__init__(message, next_step=next_step, quoted=quoted)
        self.seconds = seconds


class Proposed(Exception):
    """Nobody acts now: the gateway stored the write for approval. To the model it is a reply like any other."""

    def __init__(self, proposal: str, *, decided: bool = False) -> None:
        self.proposal, self.decided = proposal, decided
        state = "It was approved, and the gateway sends it." if decided else "A policy or a person decides afterwards."
        super().__init__(
            f"Stored as proposal {proposal}, and not sent. {state} This counts as done: go on, do not repeat it, and "
            "do without what its result would tell, such as a new number or address."
        )

    @classmethod
    def joined(cls, stored: "Sequence[Proposed]") -> "Proposed":
        """Return what tells of several writes that were stored."""
        return cls(", ".join(one.proposal for one in stored), decided=all(one.decided for one in stored))


class DryRun(Exception):
    """Nobody acts: in a dry run a write ends before it is sent. To the model it is a reply that shows the request."""

    def __init__(self, method: str, path: str, query: Mapping[str, Any], body: Mapping[str, Any] | None) -> None:
        super().__init__(f"{method} {path} was not sent")
        self._line = f"{method} {path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        self._body = body
        self._others: Sequence[DryRun] = ()

    @classmethod
    def joined(cls, shown: "Sequence[DryRun]") -> "DryRun":
        """Return what shows several requests."""
        first = shown[0]
        first._others = shown[1:]
        return first

    def text(self) -> str:
        """Write each request: its line, and its body as JSON, in which hidden characters are escaped."""
        return "\n\n".join([self._own_text(), *(one.text() for one in self._others)])

    def _own_text(self) -> str:
        if self._body is None:
            return self._line
        body = json.dumps(self._body, ensure_ascii=False, indent=1)
        seen = (json.dumps(one)[1:-1] if is_hidden(one) and one != "\n" else one for one in body)
        return f"{self._line}\n{''.join(seen)}"
