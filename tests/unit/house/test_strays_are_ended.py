"""What a killed supervisord leaves behind is found by its exact command line, and ended."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from house.processes import Process
from house.strays import end, strays

SLEEP = "import time, sys; time.sleep(60)"


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
    assert strays(listed) == [mine.pid]
    assert end(strays(listed)) == 1
    assert mine.wait(5) != 0
    assert others.poll() is None
    assert strays(listed) == []
