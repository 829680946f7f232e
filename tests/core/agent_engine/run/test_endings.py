"""What ends a run of the real CLI early: a stop, an error of the worker's own, and the worker's death."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from agent_contracts.event import Body
from agent_engine.engines.cli_engine import CliEngine
from agent_engine.run_control import Stop, StopSignal

pytestmark = [pytest.mark.cli, pytest.mark.apart]

WORKER = Path(__file__).with_name("worker.py")
STORES = ("postgres", "valkey-server")


def processes() -> set[int]:
    """Give every living process below this one but the stores', which come and go by themselves."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.name() not in STORES and _lives(child.pid):
                found.add(child.pid)
    return found


@pytest.mark.slow
async def test_cancel_ends_the_cli_and_all_it_started(spec: Any, start: Any, told: Any, stop: StopSignal) -> None:
    """Within 10 seconds of the signal the run is over and none of its processes lives."""
    before = processes()
    running = asyncio.create_task(start(spec("PLAY stop-then-go")))
    await told.answered.wait()
    pids = processes() - before
    assert len(pids) >= 3
    stop.set(Stop.CANCELLED)
    began = time.monotonic()
    end = await running

    assert time.monotonic() - began < 10
    assert end.ended_by == "cancelled"
    assert end.answer is None
    assert not [pid for pid in pids if _lives(pid)]
    assert end.session is not None


@pytest.mark.slow
async def test_an_error_of_the_worker_ends_the_cli(spec: Any, driver: Any, confinement: Any, stop: StopSignal) -> None:
    """When the ledger does not take an event the run ends with that error and leaves nothing."""
    before = processes()

    class Refusing:
        """Takes no event."""

        async def event(self, _: Body) -> None:
            raise ConnectionError("no ledger")

        async def session(self, _: bytes) -> None:
            return None

    with pytest.raises(ConnectionError, match="no ledger"):
        await CliEngine(driver, confinement).run(spec("PLAY chatter"), Refusing(), stop)
    assert processes() <= before


@pytest.mark.slow
async def test_a_killed_worker_leaves_nothing(model: str, lab: Any, tmp_path: Path, driver: Any) -> None:
    """SIGKILL of the worker takes the CLI and all it started with it."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, WORKER, model, lab.url, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    async with asyncio.timeout(60):
        assert await worker.stdout.readline() == b"answered\n"
    below = [child.pid for child in psutil.Process(worker.pid).children(recursive=True)]
    assert len(below) >= 3
    os.kill(worker.pid, signal.SIGKILL)
    await worker.wait()

    began = time.monotonic()
    while living := [pid for pid in below if _lives(pid)]:
        assert time.monotonic() - began < 30, living
        await asyncio.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
