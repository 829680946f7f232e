"""A house that is up can be stopped, whatever became of its socket and whatever the environment says."""

import asyncio
import configparser
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from agent_engine.settings import WorkerSettings
from core.house.commands import command
from house.file_lock import locked
from house.lifecycle import House
from house.processes import Process
from house.supervise import GRACE_SECONDS, Supervisor
from service_kit.errors import ConfigError

pytestmark = pytest.mark.apart

LAST = """
import pathlib, signal, sys, time
folder, own, *names = sys.argv[1:]
file = lambda name, what: pathlib.Path(folder, f"{name}.{what}")
def end(*_):
    file(own, "ends").touch()
    while any(not file(name, "ends").exists() for name in names): time.sleep(0.02)
    file(own, "ended").touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
file(own, "up").touch()
signal.pause()
"""
"""Ends once all those named are about to."""


@pytest.fixture
def up(local: House) -> Iterator[Supervisor]:
    """The supervisor of a house with one small process."""
    made = Supervisor(local.paths)
    made.launch([Process("one", ["sleep", "60"], {"PATH": "/usr/bin:/bin"})])
    made.start("one")
    yield made
    made.stop()


@pytest.mark.slow
async def test_a_lost_socket_is_told_and_the_house_stopped(local: House, up: Supervisor) -> None:
    """Where the sockets' folder was cleared away, `up` and `health` say how to go on, and `down` does stop it."""
    (one,) = (psutil.Process(state["pid"]) for state in up.states().values())
    shutil.rmtree(local.paths.runtime)
    for ask in (local.health(), local.up(lambda _: None)):
        with pytest.raises(ConfigError, match=r"does not answer on .*`make down` stops what runs"):
            await ask
    assert local.down()
    assert not one.is_running()
    assert await local.health() == {}


@pytest.mark.slow
async def test_who_uses_a_house_is_told_that_it_was_stopped_meanwhile(local: House, up: Supervisor) -> None:
    """What then fails, as for want of a port that is closed now, is told as this; a failure of its own stays."""
    with pytest.raises(ConnectionError, match="refused"), local.needed():
        raise ConnectionError("refused")
    assert local.down()
    with pytest.raises(ConfigError, match="the house was stopped before this was done"), local.needed():
        raise ConnectionError("refused")


@pytest.mark.parametrize(("env", "grace"), [({}, GRACE_SECONDS), ({"WORKER_GRACE_SECONDS": "100.5"}, 100.5)])
def test_a_worker_is_not_killed_within_its_grace(local: House, env: dict[str, str], grace: float) -> None:
    """Runs are handed back after the grace, so the worker has longer."""
    made = Supervisor(local.paths)
    made.launch([Process("worker", ["sleep", "60"], {"PATH": "/usr/bin:/bin"} | env)])
    try:
        told = configparser.ConfigParser(interpolation=None)
        told.read(local.paths.home / "supervisord.conf")
        allowed = told.getint("program:worker", "stopwaitsecs")
        assert grace + 10 < allowed
    finally:
        made.stop()
    assert WorkerSettings.model_fields["worker_grace_seconds"].default == GRACE_SECONDS


@pytest.mark.slow
def test_all_but_workers_and_stores_stop_at_once(local: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that each wait for the other's end before their own do end: neither is killed."""
    monkeypatch.setattr("house.supervise.STOP_SECONDS", 5)
    names = ("control", "model-api")
    made, program = Supervisor(local.paths), tmp_path / "last.py"
    program.write_text(LAST)
    made.launch([Process(name, [sys.executable, str(program), str(tmp_path), name, *names], {}) for name in names])
    for name in names:
        made.start(name)
    while any(not (tmp_path / f"{name}.up").exists() for name in names):
        time.sleep(0.02)
    made.stop()
    assert sorted(path.stem for path in tmp_path.glob("*.ended")) == sorted(names)


async def test_a_house_that_is_being_started_is_not_started_again(local: House) -> None:
    """While another `up` is at work, neither `up` nor `init` touches anything."""
    with locked(local.paths.home / "up.lock", ""):
        with pytest.raises(ConfigError, match="this house is being started already: wait for it, or stop it"):
            await local.up(lambda _: None)
        with pytest.raises(ConfigError, match="this house is being started already"):
            local.init()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="what is open is seen in /proc: run the tests on Linux")
def test_a_lock_ends_with_its_block(tmp_path: Path) -> None:
    """A child that still holds the file, as each does until it starts its program, holds nobody up."""
    file = tmp_path / "lock"
    with locked(file, "held"):
        held = [int(entry.name) for entry in Path("/proc/self/fd").iterdir() if entry.resolve() == file]
        child = subprocess.Popen(["sleep", "60"], pass_fds=held)
    with locked(file, "held"):
        assert held
        assert child.poll() is None
    child.kill()
    child.wait()


@pytest.mark.slow
def test_no_variable_keeps_a_house_up(local: House, up: Supervisor) -> None:
    """`down` needs none of what the other commands refuse."""
    done = command(local.paths, "down", WORKER_SLOTS="0", MODEL="x", TRANSPORT="x", CONTROL_PORT="abc", PORT_OFFSET="x")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the house is down\n", "")
    assert up.process() is None


@pytest.mark.slow
def test_output_that_nobody_gets_is_one_line(local: House) -> None:
    """Where the disk is full, a command of the house says so in one line, as every command here does."""
    done = command(local.paths, "health", before="exec >/dev/full")
    said = "error: standard output cannot be written: No space left on device: send it elsewhere\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_what_cannot_be_started_is_told_as_such(up: Supervisor) -> None:
    """A supervisord that answers and refuses is not taken for one that does not answer."""
    with pytest.raises(
        ConfigError, match=r"supervisord refused `startProcess between:two False` \(BAD_NAME: between:two\): see "
    ):
        up.start("two")


@pytest.mark.slow
async def test_a_house_that_is_being_stopped_says_so(local: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a process takes its time to end, whoever asks for the house is told to wait."""
    monkeypatch.setattr("house.supervise.STOP_SECONDS", 2)
    made = Supervisor(local.paths)
    made.launch([Process("control", ["sh", "-c", "trap '' TERM; echo up; sleep 60"], {"PATH": os.defpath})])
    made.start("control")
    while not (local.paths.home / "log" / "control.log").read_text():
        await asyncio.sleep(0.02)
    supervisord = made.process()
    assert supervisord is not None
    supervisord.terminate()
    while made.running():
        await asyncio.sleep(0.02)
    for ask in (made.states, made.check_answers):
        with pytest.raises(ConfigError, match="is being stopped at this moment: wait for it"):
            ask()
    made.stop()
