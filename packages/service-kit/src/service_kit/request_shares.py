"""The shares of callers and tenants in a process's time: what they send is counted before it is read and parsed.

A unit is about what one small request costs; a large body, and one of many values, comes to several.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from service_kit.rate_limit import Rate, RateLimiter
from service_kit.refusal import Refusal

UNIT_BYTES = 524_288
UNIT_VALUES = 2_000
UNIT_TEXT = 16_384
"""Of text that is filtered before it is sent on."""


@dataclass
class RequestShare:
    """What one request takes from: its caller's units and its tenant's, by name, key and rate.

    A request takes at most what a share has at once, however large it is: with a whole share it passes.
    `refuse` makes the service's refusal of a reason and a message; its table has the reason `rate`.
    """

    limiter: RateLimiter
    parts: tuple[tuple[str, str, Rate], ...]
    refuse: Callable[[str, str], Refusal]
    taken: int = 0

    def take(self, units: int = 1) -> None:
        """Count units, before what they stand for is done.

        Raises:
            Refusal: `rate`; it names whose share is used up, and says when to come back.
        """
        before, self.taken = self.taken, self.taken + units
        for name, key, rate in self.parts:
            cost = min(units, rate.burst - before)
            wait = self.limiter.admit(key, rate, cost) if cost > 0 else None
            if wait is not None:
                refusal = self.refuse(
                    "rate",
                    f"{name} sent more than its share of {rate.per_second:g} requests a second ({rate.burst} at once; "
                    f"a large body counts as several): try again in {max(1, math.ceil(wait.seconds))} s",
                )
                refusal.retry_after = wait.seconds
                raise refusal


_present: ContextVar[RequestShare | None] = ContextVar("share", default=None)


@contextmanager
def counted_by(share: RequestShare) -> Iterator[None]:
    """Have the bodies that are read and parsed in the block count in a share."""
    token = _present.set(share)
    try:
        yield
    finally:
        _present.reset(token)


def take_bytes(before: int, after: int) -> None:
    """Count the bytes by which a body grows. Raises the Refusal of the present share."""
    if (share := _present.get()) is not None:
        share.take(after // UNIT_BYTES - before // UNIT_BYTES)


def take_text(size: int) -> None:
    """Count the text of a body that is about to be filtered. Raises the Refusal of the present share."""
    if (share := _present.get()) is not None:
        share.take(size // UNIT_TEXT)


def take_values(values: int) -> None:
    """Count the values of a document that is about to be parsed. Raises the Refusal of the present share."""
    if (share := _present.get()) is not None:
        share.take(values // UNIT_VALUES)
