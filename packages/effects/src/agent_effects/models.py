"""Effects and proposals as gateways, the engine and control see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

State = Literal["proposed", "approved", "denied", "expired", "sending", "done", "partial", "failed", "unknown"]


@dataclass(frozen=True)
class Stored:
    """What is stored of a proposed write.

    Attributes:
        call: the whole call, and the grant under which it was asked for.
        shown: the text that an approver reads, with hidden characters made visible.
        sha256: the hash of `shown`, which an approval names.
        base: a fingerprint of what the write changes, before the write.
        seconds: how long it waits for a decision.
    """

    call: dict[str, Any]
    shown: str
    sha256: str
    base: str | None
    seconds: float


@dataclass(frozen=True)
class Write:
    """A write that is about to be sent, or to be stored as a proposal.

    Attributes:
        id: the effect's own random id.
        caller: the service whose token came with the request.
        route: the route's name in the vendor's table.
        target: what is written to, as the vendor names it.
        request: what identifies the request, without secrets: path, the names of its resources by kind, hash of
            the body, and as `fields` the names of the body's fields.
        task: the task that writes, with `attempt`; None for a caller without a task.
        attempt: the attempt that writes; the fence refuses any other than the one that runs.
        key: by which a repeat is recognised; None where a repeat is harmless.
        fingerprint: a hash of the request, which under one key never changes.
        limit: how many writes of this tool the task may make, over all attempts.
        proposal: if given, the write is stored and not sent.
    """

    id: UUID
    tenant: str
    caller: str
    vendor: str
    route: str
    target: str
    method: str
    request: Mapping[str, Any]
    tool: str | None = None
    task: UUID | None = None
    attempt: int | None = None
    key: str | None = None
    fingerprint: str | None = None
    limit: int | None = None
    proposal: Stored | None = None


@dataclass(frozen=True)
class Effect:
    """An effect's row, as a gateway needs it.

    Attributes:
        sends: how often it was sent. The next send names this number, so that only one of two wins.
        age: seconds since it was sent last.
        answer: the vendor's reply, as it came, unless it was too large to keep.
    """

    id: UUID
    tenant: str
    task: UUID | None
    attempt: int | None
    vendor: str
    tool: str | None
    route: str
    target: str
    request: dict[str, Any]
    state: State
    sends: int
    age: float
    status: int | None
    url: str | None
    detail: str | None
    answer: bytes | None = field(repr=False)
    answer_type: str | None


@dataclass(frozen=True)
class Begun:
    """The outcome of `begin`: `begun`, or why not, with the earlier effect of a repeat or conflict."""

    verdict: Literal["begun", "repeat", "conflict", "stale", "limit"]
    earlier: Effect | None = None
