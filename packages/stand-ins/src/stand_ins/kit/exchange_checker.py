"""Holds every exchange against the vendor's own description, and keeps what it does not allow."""

from collections.abc import Iterable
from dataclasses import dataclass

from stand_ins.kit.openapi import Description
from stand_ins.kit.request_log import Exchange


@dataclass(frozen=True)
class Violation:
    """One thing wrong with one exchange; `side` is request or reply."""

    side: str
    method: str
    path: str
    status: int | None
    message: str


class ExchangeChecker:
    """Notes violations; `checked` are the operations and statuses that were seen. A stand-in's `watch` takes it."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self.violations: list[Violation] = []
        self.checked: set[tuple[str, str, int]] = set()

    def of(self, side: str) -> list[Violation]:
        """Return the violations of one side."""
        return [one for one in self.violations if one.side == side]

    def __call__(self, seen: Exchange) -> None:
        """Check both ways of an exchange."""
        operation = self._description.find(seen.method, seen.path)
        if operation is None:
            self._note(seen, "request", ["the vendor describes no such operation"])
            return
        faults = self._description.request_faults(operation, seen.query, seen.media, seen.sent)
        self._note(seen, "request", faults)
        if seen.status is None:
            return
        self.checked.add((operation.method, operation.path, seen.status))
        if seen.method != "HEAD":
            faults = self._description.reply_faults(operation, seen.status, seen.headers, bytes(seen.got))
            self._note(seen, "reply", faults)

    def _note(self, seen: Exchange, side: str, messages: Iterable[str]) -> None:
        self.violations += [Violation(side, seen.method, seen.path, seen.status, one) for one in messages]
