"""Ctrl-C ends the demo and `up` quietly at any moment, and nothing of theirs is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from fixtures.house import free_ports_for_all
from house.paths import ROOT, HousePaths
from house.ports import remembered

LIMIT_SECONDS = 60


def _left(home: Path) -> list[str]:
    """Name the processes that speak of a folder on their command line or in their environment."""
    return [name for process in psutil.process_iter() if str(home) in (name := " ".join(_words(process)))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), *process.environ().values()]
    except psutil.Error:
        return []


def _worked(pid: int, seconds: float) -> bool:
    """Wait until a process has had so many seconds of a processor, however busy others keep them."""
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        times = psutil.Process(pid).cpu_times()
        if times.user + times.system >= seconds:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.slow
@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("demo", 0.15),
        ("demo", 0.4),
        ("demo", 0.7),
        ("demo", "started   attempt 1"),
        ("up", "is ready on port"),
        ("up until SIGTERM", "is ready on port"),
    ],
)
def test_ctrl_c_leaves_nothing(tmp_path: Path, name: str, stage: float | str) -> None:
    """After so many seconds of work or at that line, while it imports, starts or runs an agent: 130, nothing left."""
    environ = {"AGENT_BOT_HOME": str(tmp_path / "var"), "PATH": os.defpath} | free_ports_for_all()
    name, _, term = name.partition(" ")
    paths = HousePaths.from_environment(environ, "demo" if name == "demo" else "")
    running = subprocess.Popen(
        [sys.executable, "-m", "house", name],
        env=environ | {"PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stdout is not None
    if isinstance(stage, str):
        assert any(stage in line for line in running.stdout), running.communicate()
    else:
        assert _worked(running.pid, stage), running.communicate()
    os.killpg(running.pid, signal.SIGTERM if term else signal.SIGINT)
    _, errors = running.communicate(timeout=LIMIT_SECONDS)

    assert (running.returncode, errors) == (143 if term else 130, "")
    assert _left(tmp_path) == []
    assert not paths.runtime.exists()
    assert remembered(paths) is None
