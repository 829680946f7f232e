"""A clock that goes on while the process is stopped."""

import time


def boottime() -> float:
    """Return seconds of a clock that goes on while the process is stopped, and on Linux while the machine sleeps.

    An event loop's own clock stands still then.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
