"""How fast one caller may call: a bucket of tokens each, forgotten once it is full again."""

import time
from collections.abc import Callable

from mcp_kit.errors import ToolFailed

MOST_CALLERS = 10_000


class TooFast(ToolFailed):
    """The model waits: it called more often than the operator allows."""

    outcome = "limited"


class RateLimit:
    """Counts calls per caller.

    Args:
        per_minute: calls that a caller may make in a minute; a tenth of them at once.
        clock: seconds that never go backwards.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60
        self._size = max(1.0, per_minute / 10)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> None:
        """Count a call.

        Raises:
            TooFast: saying how long to wait.
        """
        now = self._clock()
        filled, at = self._buckets.pop(caller, (self._size, now))
        filled = min(self._size, filled + (now - at) * self._rate)
        if filled < 1:
            self._buckets[caller] = (filled, now)
            wait = (1 - filled) / self._rate
            raise TooFast("Too many calls in a short time.", next_step=f"Call again in {max(1, round(wait))} s.")
        self._buckets[caller] = (filled - 1, now)
        if len(self._buckets) > MOST_CALLERS:
            del self._buckets[next(iter(self._buckets))]
