"""The worker's own hardening: no other process of its uid reads its memory."""

import ctypes
import resource
import sys

PR_SET_DUMPABLE = 4


def harden() -> None:
    """Make this process untraceable and, on Linux, its memory and environment unreadable to others of its uid.

    Raises:
        OSError: the kernel refused.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE, 0) failed")
