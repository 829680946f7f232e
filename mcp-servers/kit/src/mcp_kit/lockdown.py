"""Lockdown: the texts of people without push access to a public place are left out of what is read of the vendor.

While a call is under lockdown, the vendor's models ask `leaves_out` as they read a document.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from agent_vendors import ResourceKind

from mcp_kit.call import Call

HEADER = "x-mcp-lockdown"
NOTE = "Lockdown: texts of authors without push access are left out, as the operator or client of this server asks."
Touched = Sequence[tuple[ResourceKind, str]]


@dataclass(frozen=True)
class Lockdown:
    """A server's lockdown.

    Attributes:
        always: whether the operator switched it on; else a client may, for its own calls.
        closed: returns the places that a call touches, their names casefolded, if no stranger writes in any of them;
            None where one is open to strangers, or cannot be told, or none is named.
    """

    always: bool
    closed: Callable[[Call, Touched], Awaitable[frozenset[str] | None]]


@dataclass
class LeftOut:
    """What lockdown does to a call: in all places but the closed ones texts are left out; and whether one was."""

    closed: frozenset[str] | None
    any: bool = False


_CALL: ContextVar[LeftOut | None] = ContextVar("lockdown", default=None)


@contextmanager
def under_lockdown(left_out: LeftOut | None) -> Iterator[None]:
    """Have models leave out such texts until the end of the block; None lets all be shown."""
    token = _CALL.set(left_out)
    try:
        yield
    finally:
        _CALL.reset(token)


def is_locked() -> bool:
    """Return whether such texts of the places that the present call names are left out."""
    left_out = _CALL.get()
    return left_out is not None and left_out.closed is None


def leaves_out(place: str | None = None) -> bool:
    """Return whether such a text is to be left out now; the caller is then told so.

    `place` is where it stands, if it tells that: what a closed place leads to may stand in an open one.
    """
    left_out = _CALL.get()
    if left_out is None or (left_out.closed is not None and (place is None or place.casefold() in left_out.closed)):
        return False
    left_out.any = True
    return True
