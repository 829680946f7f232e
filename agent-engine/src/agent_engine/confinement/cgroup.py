"""A cgroup for each run, of version 2 or 1: the limit on what a run and all its processes take together.

Owns the cgroups `agent-run-<worker's pid>-<random>` below the worker's own, and in version 2 the one that the worker
itself moves to, because a cgroup that limits others may hold no process.
"""

import contextlib
import os
import re
import secrets
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service_kit.log import get_logger

from agent_engine.confinement.limits import Bounds, Limits

OURS = re.compile(r"agent-run-(\d+)-[0-9a-f]+")
WORKERS = "agent-engine"
OPTIONAL = ("memory.swap.max", "memory.memsw.limit_in_bytes")
"""Missing where the kernel does not count swap."""
GONE_SECONDS = 3.0
AGAIN_SECONDS = 0.01
log = get_logger(__name__)


@dataclass(frozen=True)
class Parent:
    """A folder of the cgroup file system below which runs get theirs, and what is written into each."""

    folder: Path
    values: Mapping[str, str]


class Cgroups(Limits):
    """Makes a cgroup for each run."""

    def __init__(self, kind: Literal["cgroup1", "cgroup2"], parents: Iterable[Parent], bounds: Bounds) -> None:
        self.kind = kind
        self.name = f"{bounds.memory_mb} MB and {bounds.processes} processes by {kind}"
        self._parents = list(parents)
        self._bounds = bounds

    @classmethod
    def find(cls, root: Path, bounds: Bounds) -> "Cgroups":
        """Find where this worker may make cgroups, by making one, and remove what dead workers left there.

        Raises:
            OSError: it may make none; the message says why.
        """
        if (root / "cgroup.controllers").exists():
            found = cls("cgroup2", [_version_2(root, bounds)], bounds)
        else:
            found = cls("cgroup1", _version_1(root, bounds), bounds)
        found.sweep()
        found.group().remove()
        return found

    def group(self) -> "Group":
        """Make a run's cgroup. Raises OSError."""
        name = f"agent-run-{os.getpid()}-{secrets.token_hex(6)}"
        group = Group([parent.folder / name for parent in self._parents], self._bounds)
        try:
            for parent in self._parents:
                folder = parent.folder / name
                folder.mkdir()
                for file, value in parent.values.items():
                    with contextlib.suppress(FileNotFoundError) if file in OPTIONAL else contextlib.nullcontext():
                        _write(folder / file, value)
        except OSError:
            group.remove()
            raise
        return group

    def sweep(self) -> None:
        """End what runs of dead workers left, and remove their cgroups."""
        for parent in self._parents:
            for folder in parent.folder.glob("agent-run-*"):
                made = OURS.fullmatch(folder.name)
                if made and not Path("/proc", made[1]).exists() and not _in_other_namespace(folder):
                    Group([folder], self._bounds).remove()


class Group:
    """One run's cgroup: a folder in version 2, one for each controller in version 1."""

    def __init__(self, folders: list[Path], bounds: Bounds) -> None:
        self._folders = folders
        self._bounds = bounds

    def enter(self, pid: int) -> None:
        """Put a process in; what it starts from now on is in as well. Raises OSError."""
        for folder in self._folders:
            _write(folder / "cgroup.procs", str(pid))

    def reached(self) -> tuple[str, ...]:
        """Say which bounds the run has come up against."""
        killed = self._counted("oom_kill", "memory.events", "memory.oom_control")
        refused = self._counted("max", "pids.events")
        said = []
        if killed:
            said.append(f"limit on memory: {killed} of its processes killed at RUN_MEMORY_MB={self._bounds.memory_mb}")
        if refused:
            said.append(f"limit on processes: {refused} starts refused at RUN_PROCESSES={self._bounds.processes}")
        return tuple(said)

    def kill(self) -> None:
        """Kill what is in it."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                _write(folder / "pids.max", "0")  # a process that forks as fast as it dies would outlive a list of all
        for folder in self._folders:
            _kill_all(folder)

    def remove(self) -> None:
        """Kill what is in it and remove it."""
        until = time.monotonic() + GONE_SECONDS
        while True:
            self.kill()
            left = {}
            for folder in self._folders:
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    continue
                except OSError as error:
                    left[str(folder)] = str(error)
            if not left:
                return
            if time.monotonic() > until:
                log.warning("cgroup_left", cgroups=list(left), error=list(left.values())[-1])
                return
            time.sleep(AGAIN_SECONDS)

    def _counted(self, word: str, *files: str) -> int:
        for folder in self._folders:
            for file in files:
                with contextlib.suppress(OSError):
                    for line in (folder / file).read_text().splitlines():
                        name, _, count = line.partition(" ")
                        if name == word:
                            return int(count)
        return 0


def _version_2(root: Path, bounds: Bounds) -> Parent:
    base = _own_cgroup(root, "")
    base = base.parent if base.name == WORKERS else base
    there = set((base / "cgroup.controllers").read_text().split())
    if not {"memory", "pids"} <= there:
        raise OSError(f"{base} has no memory and pids controllers")
    if not {"memory", "pids"} <= set((base / "cgroup.subtree_control").read_text().split()):
        _delegate(base)
    return Parent(
        base,
        {
            "memory.max": str(bounds.memory_bytes),
            "memory.swap.max": "0",
            "pids.max": str(bounds.processes),
        },
    )


def _delegate(base: Path, controllers: str = "+memory +pids") -> None:
    """Let `base` limit cgroups below it. The worker moves out of it first, and back if other processes stay in it."""
    leaf = base / WORKERS
    try:
        _write(base / "cgroup.subtree_control", controllers)
    except OSError:
        leaf.mkdir(exist_ok=True)
        _write(leaf / "cgroup.procs", str(os.getpid()))
        try:
            _write(base / "cgroup.subtree_control", controllers)
        except OSError as error:
            with contextlib.suppress(OSError):
                _write(base / "cgroup.procs", str(os.getpid()))
                leaf.rmdir()
            raise OSError(f"{base} hands no controllers down while other processes are in it: {error}") from error


def _version_1(root: Path, bounds: Bounds) -> Iterator[Parent]:
    memory = str(bounds.memory_bytes)
    # The second counts memory and swap together; the kernel takes it after the first alone.
    yield Parent(_own_cgroup(root, "memory"), {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory})
    yield Parent(_own_cgroup(root, "pids"), {"pids.max": str(bounds.processes)})


def _own_cgroup(root: Path, controller: str) -> Path:
    """Give the worker's own cgroup. In a container that sees only its own cgroup, that is the root."""
    top = root / controller
    if not top.is_dir():
        raise OSError(f"{top} is not there")
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own = top / path.lstrip("/")
        if controller in controllers.split(",") and ".." not in own.parts and own.is_dir():
            return own
    return top


def _in_other_namespace(folder: Path) -> bool:
    """Say whether it holds processes of another pid namespace, whose worker cannot be seen from here."""
    try:
        return "0" in (folder / "cgroup.procs").read_text().split()
    except OSError:
        return True


def _kill_all(folder: Path) -> None:
    try:
        _write(folder / "cgroup.kill", "1")
    except OSError:
        with contextlib.suppress(OSError):
            for pid in (folder / "cgroup.procs").read_text().split():
                if int(pid) > 0:  # 0 stands for one that cannot be seen from here
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)


def _write(file: Path, value: str) -> None:
    """Write to a file of the kernel's, which nobody may create."""
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)
