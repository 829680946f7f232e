"""What a killed supervisord leaves behind is found by its exact command line, and ended."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from house.orphans import end_orphans, find_orphans
from house.processes import Process

SLEEP = "import time, sys; time.sleep(60)"
ENDS = """
import pathlib, signal, sys, time
name, file, seconds = sys.argv[1:]
def tell(what):
    with open(file, "a") as lines: lines.write(f"{name} {what}\\n")
def end(*_):
    tell("asked")
    time.sleep(float(seconds))
    tell("ended")
    sys.exit()
signal.signal(signal.SIGTERM, end)
tell("up")
while True: signal.pause()
"""
"""Tells when it is asked to end, and when it does."""


@pytest.fixture
def started(request: pytest.FixtureRequest) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that differ in their last word alone."""
    running = [subprocess.Popen([sys.executable, "-c", SLEEP, "--port", port]) for port in ("70001", "70002")]
    yield running
    for process in running:
        process.kill()
        process.wait()


def test_only_the_house_s_own_processes_are_ended(started: list[subprocess.Popen[bytes]]) -> None:
    """A process of another house, on another port, is left alone."""
    mine, others = started
    listed = [Process("p", [sys.executable, "-c", SLEEP, "--port", "70001"], {})]
    found = find_orphans(listed)
    assert {one.pid: process for one, process in found.items()} == {mine.pid: listed[0]}
    assert end_orphans(found) == 1
    assert mine.wait(5) != 0
    assert others.poll() is None
    assert find_orphans(listed) == {}


@contextmanager
def telling(file: Path, name: str, seconds: float, **env: str) -> Iterator[tuple[Process, subprocess.Popen[bytes]]]:
    """Run a process that takes its time to end, and tells so in a file."""
    listed = Process(name, [sys.executable, "-c", ENDS, name, str(file), str(seconds)], env)
    running = subprocess.Popen(listed.argv)
    try:
        while not file.exists() or f"{name} up\n" not in file.read_text():
            assert running.poll() is None
            time.sleep(0.02)
        yield listed, running
    finally:
        running.kill()
        running.wait()


@pytest.mark.slow
def test_orphans_end_in_the_order_of_a_house(tmp_path: Path) -> None:
    """Workers first, so that they can say what became of their runs, stores last, and all else in between."""
    file = tmp_path / "told"
    names = ("stores", "control", "github-api", "worker")
    with ExitStack() as running:
        listed = [running.enter_context(telling(file, name, 0.2))[0] for name in names]
        assert end_orphans(find_orphans(listed)) == len(names)
    told = file.read_text().splitlines()[len(names) :]
    assert told[:2] == ["worker asked", "worker ended"]
    assert told[-2:] == ["stores asked", "stores ended"]
    assert sorted(told[2:-2]) == ["control asked", "control ended", "github-api asked", "github-api ended"]


@pytest.mark.parametrize(("grace", "takes", "code"), [("20", 0.2, 0), ("0", 60, -signal.SIGKILL)])
def test_an_orphaned_worker_has_its_grace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grace: str, takes: float, code: int
) -> None:
    """It is killed when it takes longer than its runs are given, and not before."""
    monkeypatch.setattr("house.supervise.STOP_SECONDS", 0)
    with telling(tmp_path / "told", "worker", takes, WORKER_GRACE_SECONDS=grace) as (listed, running):
        assert end_orphans(find_orphans([listed])) == 1
        assert running.wait(5) == code
