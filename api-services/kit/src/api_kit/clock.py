"""The clock of what must not be sent late."""

import time


def boottime() -> float:
    """Give seconds that go on while the machine sleeps, where the system counts them, and while the process is stopped.

    An event loop's own time stands still in a sleep, and during each of its steps.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
