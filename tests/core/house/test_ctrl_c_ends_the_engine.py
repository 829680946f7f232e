"""Ctrl-C while `scripts/engine` starts: status 130, and no traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from house.lifecycle import House
from house.paths import ROOT

LIMIT_SECONDS = 60
WORK_SECONDS = 0.15
HELD = """\
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
os.kill(os.getpid(), signal.SIGINT)
"""


def test_what_was_held_back_ends_the_engine_at_once() -> None:
    """A Ctrl-C that comes before the engine's first line is not lost, and nothing is imported for it."""
    program = str(Path(sys.executable).parent / "agent-engine")
    code = f"{HELD}os.execv({program!r}, ['agent-engine', 'skills', 'list'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.slow
@pytest.mark.parametrize("part", ["house", "agent-engine"])
def test_ctrl_c_while_it_starts_is_quiet(local: House, environ: dict[str, str], part: str) -> None:
    """Whether the house's part imports or the engine's: the shell gets 130, the terminal nothing."""
    running = subprocess.Popen(
        [str(ROOT / "scripts/engine"), "skills", "list"],
        env=environ | {"PATH": os.defpath},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _until_it_imports(psutil.Process(running.pid), part)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=LIMIT_SECONDS)
    assert (running.returncode, errors.strip()) == (130, "")


def _until_it_imports(process: psutil.Process, part: str) -> None:
    """Wait until a process is that part of the command, and has had some of a processor as such."""
    while part not in [Path(word).name for word in process.cmdline()]:
        time.sleep(0.005)
    begun = _work(process)
    while _work(process) < begun + WORK_SECONDS:
        time.sleep(0.005)


def _work(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
