"""Keeps a value that ends by itself, such as a token of an hour, and renews it before."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from service_kit.boottime import boottime
from service_kit.log import get_logger

T = TypeVar("T")
EARLY_SECONDS = 300.0
"""How long before its end a value is renewed; one that lives shortly is renewed in the last half of its life."""
AGAIN_SECONDS = 30.0
"""After a renewal that failed, the present value is used for so long before the next try."""
MARGIN_SECONDS = 5.0
"""A value is used no longer than until so long before its end: a request takes time to arrive."""


@dataclass(frozen=True)
class Renewed(Generic[T]):
    """A value, and for how many seconds from now it lives."""

    value: T
    seconds: float


@dataclass(frozen=True)
class _Kept(Generic[T]):
    value: T
    due: float
    end: float


class Renewal(Generic[T]):
    """Holds the present value. One renewal is under way at a time, and who finds one uses the present value.

    `name` stands in the log, `clock` goes on while the process is stopped.
    """

    def __init__(self, name: str, *, clock: Callable[[], float] = boottime) -> None:
        self._name = name
        self._clock = clock
        self._kept: _Kept[T] | None = None
        self._lock = asyncio.Lock()

    async def current(self, renew: Callable[[], Awaitable[Renewed[T]]]) -> T:
        """Return the value, renewed where its end is near.

        What `renew` raises is raised only where no present value lives any more.
        """
        kept, now = self._kept, self._clock()
        if kept is not None and (now < kept.due or (self._lock.locked() and now < kept.end)):
            return kept.value
        async with self._lock:
            kept, now = self._kept, self._clock()
            if kept is not None and now < kept.due:
                return kept.value
            try:
                made = await renew()
            except Exception as error:
                if kept is None or self._clock() >= kept.end:
                    raise
                get_logger(__name__).warning("renewal_failed", name=self._name, error=str(error), kept="the old one")
                self._kept = replace(kept, due=min(self._clock() + AGAIN_SECONDS, kept.end))
                return kept.value
            early = min(EARLY_SECONDS, made.seconds / 2)
            end = now + made.seconds
            self._kept = _Kept(made.value, due=end - early, end=end - min(MARGIN_SECONDS, early / 2))
            return made.value

    def drop(self, value: T) -> None:
        """Forget a value that was refused, unless it was renewed meanwhile."""
        if self._kept is not None and self._kept.value is value:
            self._kept = None
