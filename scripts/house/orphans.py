"""Finds and ends what a killed supervisord left of a house: processes with its exact command lines, ports included."""

import contextlib
import os
import time
from collections.abc import Iterable, Mapping

import psutil

from house.processes import Process
from house.supervise import alive, command_line, stop_order, stop_seconds


def find_orphans(processes: Iterable[Process]) -> dict[psutil.Process, Process]:
    """Return this user's running processes that have a command line of the house and no supervisord above them.

    What a living supervisord holds is of another house.
    """
    found: dict[psutil.Process, Process] = {}
    by_argv = {tuple(process.argv): process for process in processes}
    for running in psutil.process_iter():
        words = command_line(running)
        listed = next((one for argv, one in by_argv.items() if words[-len(argv) :] == list(argv)), None)
        with contextlib.suppress(psutil.NoSuchProcess):
            if listed and running.uids().real == os.getuid() and not _supervised(running):
                found[running] = listed
    return found


def end_orphans(found: Mapping[psutil.Process, Process]) -> int:
    """End processes in supervisord's order, with the seconds that it gives each; return how many there were."""
    for turn in sorted(set(map(stop_order, found.values())), reverse=True):
        group = {running: process for running, process in found.items() if stop_order(process) == turn}
        left, within = list(group), max(map(stop_seconds, group.values()))
        for end in (psutil.Process.terminate, psutil.Process.kill):
            for running in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    end(running)
            deadline = time.monotonic() + within
            while left and time.monotonic() < deadline:
                time.sleep(0.05)
                left = list(filter(alive, left))
    return len(found)


def _supervised(running: psutil.Process) -> bool:
    parent = running.parent()
    return parent is not None and "supervisor.supervisord" in command_line(parent)
