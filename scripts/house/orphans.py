"""Finds what a killed supervisord left of a house: processes by their exact command line, which names the port."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from house.processes import Process
from house.supervise import stop_seconds, turn

PROC = Path("/proc")


def strays(processes: Iterable[Process]) -> dict[int, Process]:
    """Find by pid which processes run, of this user, whose command line is one of the house's; none where /proc is not.

    What a living supervisord holds is no stray: it is of another house.
    """
    wanted = list(processes)
    entries = [entry for entry in (PROC.iterdir() if PROC.is_dir() else ()) if entry.name.isdecimal()]
    found = {int(entry.name): process for entry in entries for process in wanted if _runs(entry, process.argv)}
    return {pid: process for pid, process in found.items() if not _supervised(PROC / str(pid))}


def end(found: Mapping[int, Process]) -> int:
    """End processes in the order of supervisord and with the seconds that it gives each; give how many there were."""
    for now in sorted(set(map(turn, found.values())), reverse=True):
        group = {pid: process for pid, process in found.items() if turn(process) == now}
        _end(list(group), max(map(stop_seconds, group.values())))
    return len(found)


def _end(left: list[int], within: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + within
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = [pid for pid in left if _alive(pid)]


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
