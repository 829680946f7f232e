"""GitHub's primary rate limits: one window per caller and resource, told in every reply's headers."""

import time
from collections.abc import Callable
from dataclasses import dataclass

LIMITS = {"core": 5000, "search": 30, "graphql": 5000}
ANONYMOUS_LIMITS = {"core": 60, "search": 10, "graphql": 0}
SECONDS = {"core": 3600, "search": 60, "graphql": 3600}


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

    def headers(self, resource: str) -> dict[str, str]:
        """Give the x-ratelimit headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Resource": resource,
        }


class RateLimits:
    """All windows; a caller is a login, or "" without a token."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._windows: dict[tuple[str, str], Window] = {}

    def window(self, caller: str, resource: str) -> Window:
        """Return the caller's present window; a new one begins when the last is over."""
        key = (caller, resource)
        now = int(self._now())
        found = self._windows.get(key)
        if found is None or found.reset <= now:
            limit = found.limit if found else (LIMITS if caller else ANONYMOUS_LIMITS)[resource]
            found = self._windows[key] = Window(limit, 0, now + SECONDS[resource])
        return found

    def set(self, caller: str, resource: str, *, limit: int | None, remaining: int, reset_in: int | None) -> Window:
        """Put a window into a wanted state."""
        window = self.window(caller, resource)
        if limit is not None:
            window.limit = limit
        window.used = max(0, window.limit - remaining)
        if reset_in is not None:
            window.reset = int(self._now()) + reset_in
        return window
