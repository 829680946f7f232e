"""Rate limits by windows: one for each caller and resource."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """How many requests a window of `seconds` takes."""

    limit: int
    seconds: int


@dataclass
class Window:
    """What a caller has used of a resource until the reset (epoch seconds)."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """How many requests are left."""
        return max(0, self.limit - self.used)

    def take(self) -> None:
        """Count one request; what is over the limit is not counted."""
        self.used = min(self.limit, self.used + 1)


class RateLimits:
    """All windows.

    Args:
        quota: tells the quota of a caller and resource.
        caller: whose window a control sets unless told.
        resource: which resource's window a control sets unless told.
        now: tells the time in epoch seconds.
    """

    def __init__(
        self,
        quota: Callable[[str, str], Quota],
        *,
        caller: str,
        resource: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.caller = caller
        self.resource = resource
        self._quota = quota
        self._now = now
        self._windows: dict[tuple[str, str], Window] = {}

    def window(self, caller: str, resource: str) -> Window:
        """Return the caller's present window; a new one begins when the last is over."""
        key = (caller, resource)
        now = int(self._now())
        found = self._windows.get(key)
        if found is None or found.reset <= now:
            quota = self._quota(caller, resource)
            limit = found.limit if found else quota.limit
            found = self._windows[key] = Window(limit, 0, now + quota.seconds)
        return found

    def seconds_left(self, window: Window) -> int:
        """Return the seconds until a window's reset, at least 1."""
        return max(1, window.reset - int(self._now()))

    def set(
        self,
        *,
        remaining: int,
        caller: str | None = None,
        resource: str | None = None,
        limit: int | None = None,
        reset_in: int | None = None,
    ) -> None:
        """Put a window into a wanted state; `reset_in` is in seconds."""
        window = self.window(self.caller if caller is None else caller, self.resource if resource is None else resource)
        if limit is not None:
            window.limit = limit
        window.used = max(0, window.limit - remaining)
        if reset_in is not None:
            window.reset = int(self._now()) + reset_in

    def clear(self) -> None:
        """Begin anew for everybody."""
        self._windows.clear()
