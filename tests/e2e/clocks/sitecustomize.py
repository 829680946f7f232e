"""Puts a process's wall clock off by CLOCK_SECONDS, as on a host whose clock is wrong: for PYTHONPATH.

It is loaded before any other module, so that whoever takes `time` or `datetime` from it takes the wrong clock.
"""

import datetime as module
import os
import time
from datetime import datetime as Real  # noqa: N812 - the wrong one takes its name
from typing import Any

SECONDS = float(os.environ.get("CLOCK_SECONDS", "0"))
true, true_ns = time.time, time.time_ns


class _AnyOfBoth(type):
    """Whatever is a datetime is one of the wrong clock's too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Real)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, Real)


class Wrong(Real, metaclass=_AnyOfBoth):
    """A datetime whose `now` is wrong."""

    __slots__ = ()

    @classmethod
    def now(cls, tz: module.tzinfo | None = None) -> Any:
        """Give the wrong time."""
        return Real.fromtimestamp(time.time(), tz)


time.time = lambda: true() + SECONDS
time.time_ns = lambda: true_ns() + int(SECONDS * 1e9)
module.datetime = Wrong  # type: ignore[misc]
