"""The bounds on a run's memory and processes, and the means of the kernel that enforce them."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from agent_engine.confinement.cgroup import Group

MIB = 1 << 20
Kind = Literal["cgroup2", "cgroup1", "rlimit", "partial", "none"]
REMEDY = (
    "let the worker make cgroups (systemd: Delegate=yes; version 1: a folder of its own below memory and pids), "
    "or run it as a plain user"
)


@dataclass(frozen=True)
class Bounds:
    """What one run may take.

    Attributes:
        memory_mb: memory, with what it writes to its folders; in MiB.
        processes: processes and threads at once.
        disk_mb: what it may write to its working directory, in MiB; all its folders together take less than twice that.
    """

    memory_mb: int = 2048
    processes: int = 512
    disk_mb: int = 512

    @property
    def memory_bytes(self) -> int:
        """The memory in bytes."""
        return self.memory_mb * MIB

    @property
    def disk_bytes(self) -> int:
        """The working directory's size in bytes."""
        return self.disk_mb * MIB


class Limits:
    """One means of bounding runs; this one bounds nothing.

    Attributes:
        kind: the means, from a closed list; "partial" bounds memory only.
        name: the means and the bounds, for people.
        why: why no better limits are used; empty if these are the best.
    """

    kind: Kind = "none"
    name: str = "no limits on memory and processes"
    why: str = ""

    def rlimits(self, *, own_uid: bool) -> Mapping[str, int]:
        """Give the resource limits that the CLI is started with, by name without `RLIMIT_`.

        `own_uid` says whether the kernel counts the run's processes apart from all others.
        """
        return {}

    def group(self) -> "Group | None":
        """Make the cgroup that the run is counted in; None where it is not. Raises OSError."""
        return None


class Rlimits(Limits):
    """Resource limits: memory by process, processes by uid.

    Args:
        bounds: what each run may take.
        why: why there is no cgroup.
        processes: whether the CLI runs under a uid that the kernel counts at all: it does not count root's.
    """

    def __init__(self, bounds: Bounds, *, why: str, processes: bool = True) -> None:
        self.kind = "rlimit" if processes else "partial"
        counted = f"and {bounds.processes} processes by rlimit" if processes else "by rlimit, processes not bounded"
        self.name = f"{bounds.memory_mb} MB for each process {counted}"
        self.why = why
        self.bounds = bounds

    def rlimits(self, *, own_uid: bool) -> Mapping[str, int]:
        """Give the limits. Under a uid with other processes, their number is added to the run's bound."""
        limits = {"AS": self.bounds.memory_bytes}
        if self.kind == "rlimit":
            limits["NPROC"] = self.bounds.processes + (0 if own_uid else _threads_of(os.getuid()))
        return limits


def _threads_of(uid: int) -> int:
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, KeyError, ValueError, IndexError):
            lines = (line.partition(":") for line in (folder / "status").read_text().splitlines())
            status = {name: value.split() for name, _, value in lines}
            if int(status["Uid"][0]) == uid:
                total += int(status["Threads"][0])
    return total
