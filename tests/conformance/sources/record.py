"""What the suite must know of a webhook source to test it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from control_api.sources.protocol import WebhookSource

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """One source and how its vendor sends.

    Attributes:
        source: the source.
        event: an event that a trigger may listen to.
        payload: its payload, as a trigger sees it.
        sent: the payload as the vendor's body.
        signed: the headers of a body under a secret, at a time, as the sending of some number.
        resources: what a door must open for it.
        account: the object of the payload, its key and the value that name who caused it.
        rejected: status of the answer to a signed body that is none of the source's.
        second_hook: what another hook of the vendor adds to the payload of the same event.
        marked: puts the mark of an effect into a payload, as the vendor's gateway does; None where nothing is written.
    """

    source: WebhookSource
    event: str
    payload: dict[str, Any]
    sent: Callable[[dict[str, Any]], bytes]
    signed: Callable[[bytes, str, float, int], Headers]
    resources: dict[str, list[str]]
    account: tuple[str, str, str]
    rejected: int
    second_hook: dict[str, Any] = field(default_factory=dict)
    marked: Callable[[dict[str, Any], UUID], dict[str, Any]] | None = None

    def by(self, account: str) -> dict[str, Any]:
        """Give the payload as of another account."""
        key, part, _ = self.account
        return {**self.payload, key: {**self.payload[key], part: account}}
