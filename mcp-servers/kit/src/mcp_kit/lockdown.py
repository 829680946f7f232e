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
        concerns: returns whether what a call touches is open to the texts of strangers; `True` where it cannot tell.
    """

    always: bool
    concerns: Callable[[Call, Touched], Awaitable[bool]]


@dataclass
class LeftOut:
    """Whether a text was left out of a call's replies."""

    any: bool = False


_CALL: ContextVar[LeftOut | None] = ContextVar("lockdown", default=None)


@contextmanager
def under_lockdown(locked: bool) -> Iterator[LeftOut]:
    """Have models leave out such texts until the end of the block, and give what tells whether they did."""
    left_out = LeftOut()
    token = _CALL.set(left_out if locked else None)
    try:
        yield left_out
    finally:
        _CALL.reset(token)


def is_locked() -> bool:
    """Return whether the present call is under lockdown."""
    return _CALL.get() is not None


def leaves_out() -> bool:
    """Return whether such a text is to be left out now; the caller is then told so."""
    left_out = _CALL.get()
    if left_out is not None:
        left_out.any = True
    return left_out is not None
