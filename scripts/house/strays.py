"""Finds what a killed supervisord left of a house: processes by their exact command line, which names the port."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from house.processes import Process

TERM_SECONDS = 25.0
PROC = Path("/proc")


def strays(processes: Iterable[Process]) -> list[int]:
    """Find the running processes, of this user, whose command line is one of the house's; none where /proc is not.

    What a living supervisord holds is no stray: it is of another house.
    """
    wanted = [process.argv for process in processes]
    return [
        int(entry.name)
        for entry in (PROC.iterdir() if PROC.is_dir() else ())
        if entry.name.isdecimal() and any(_runs(entry, argv) for argv in wanted) and not _supervised(entry)
    ]


def end(pids: Iterable[int]) -> int:
    """End processes, first by SIGTERM, then by SIGKILL; give how many there were."""
    left = list(pids)
    count = len(left)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + TERM_SECONDS
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = [pid for pid in left if _alive(pid)]
    return count


def _runs(entry: Path, argv: list[str]) -> bool:
    try:
        words = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
        ours = entry.stat().st_uid in (os.getuid(), 0)
    except OSError:
        return False
    return ours and words[-len(argv) :] == [word.encode() for word in argv]


def _supervised(entry: Path) -> bool:
    try:
        parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        return b"supervisor.supervisord" in (PROC / parent / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _alive(pid: int) -> bool:
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
