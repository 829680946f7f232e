"""Cgroups of version 2: what is written where, and the kernel's own rules where it has a hierarchy to try them in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from agent_engine.confinement import cgroup
from agent_engine.confinement.cgroup import Group
from agent_engine.confinement.limits import Bounds
from agent_engine.confinement.probe import choose_limits

TRIAL = """
import os, subprocess, sys
from pathlib import Path
from agent_engine.confinement import cgroup
from agent_engine.confinement.limits import Bounds
base, controller = Path(sys.argv[1]), sys.argv[2]
(base / "cgroup.procs").write_text(str(os.getpid()))
cgroup._delegate(base, f"+{controller}")
assert (base / "cgroup.procs").read_text() == ""
assert (base / cgroup.WORKERS / "cgroup.procs").read_text().split() == [str(os.getpid())]
group = cgroup.Cgroups("cgroup2", [cgroup.Parent(base, {"memory.swap.max": "0"})], Bounds()).group()
child = subprocess.Popen(["sleep", "60"])
group.enter(child.pid)
assert group.reached() == ()
group.kill()
assert child.wait(5) == -9
group.remove()
assert [folder.name for folder in base.iterdir() if folder.is_dir()] == [cgroup.WORKERS]
print("held")
"""


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Files as the kernel shows them to a worker in a container of its own."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    return tmp_path


def test_version_2_bounds_memory_swap_and_processes(second: Path) -> None:
    """One folder has all: memory without a way round it by swap, and processes."""
    parent = cgroup._version_2(second, Bounds(memory_mb=300, processes=70))
    assert parent.folder == second
    assert parent.values == {"memory.max": str(300 << 20), "memory.swap.max": "0", "pids.max": "70"}


def test_a_missing_controller_is_named(second: Path) -> None:
    """Where nobody handed memory and pids down, resource limits hold instead, and the reason is kept."""
    (second / "cgroup.controllers").write_text("cpu\n")
    limits = choose_limits(Bounds(), second)
    assert limits.kind == "rlimit"
    assert limits.why == f"no cgroup can be made: {second} has no memory and pids controllers"


def test_events_of_both_versions_are_read(tmp_path: Path) -> None:
    """Kills and refusals are read from the file that the version has."""
    group = Group([tmp_path], Bounds(memory_mb=300, processes=70))
    assert group.reached() == ()
    (tmp_path / "memory.events").write_text("low 0\nmax 7\noom 1\noom_kill 1\noom_group_kill 0\n")
    (tmp_path / "pids.events").write_text("max 3\n")
    assert group.reached() == (
        "limit on memory: 1 of its processes killed at RUN_MEMORY_MB=300",
        "limit on processes: 3 starts refused at RUN_PROCESSES=70",
    )


def test_the_kernel_accepts_how_the_worker_moves() -> None:
    """A worker in the cgroup that is to limit its runs moves aside, and a run in it is killed whole."""
    root = next((Path(line.split()[1]) for line in Path("/proc/mounts").read_text().splitlines() if _two(line)), None)
    controllers = (root / "cgroup.controllers").read_text().split() if root else []
    if root is None or not controllers or not os.access(root, os.W_OK) or os.getuid() != 0:
        pytest.skip("needs root and a hierarchy of version 2 that may be written")
    controller = "pids" if "pids" in controllers else controllers[0]
    given = (root / "cgroup.subtree_control").read_text().split()
    (root / "cgroup.subtree_control").write_text(f"+{controller}")
    base = root / f"agent-test-{os.getpid()}"
    base.mkdir()
    try:
        trial = subprocess.run(
            [sys.executable, "-c", TRIAL, str(base), controller], capture_output=True, text=True, check=False
        )
        assert trial.stdout == "held\n", trial.stderr
    finally:
        (base / cgroup.WORKERS).rmdir()
        base.rmdir()
        if controller not in given:
            (root / "cgroup.subtree_control").write_text(f"-{controller}")


def _two(line: str) -> bool:
    return line.split()[2] == "cgroup2"
