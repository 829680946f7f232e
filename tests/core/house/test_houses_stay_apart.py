"""Starting and stopping: a taken port is named, two houses do not touch each other, and `down` leaves nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from fixtures.house import free_ports_for_all
from house.orphans import end_orphans, find_orphans
from house.paths import HousePaths
from house.processes import Process
from house.supervise import RUNNING, Supervisor
from service_kit.errors import ConfigError

pytestmark = pytest.mark.apart

LIMIT_SECONDS = 15
AWKWARD = {"JSON": '{"https://example.org": "a%20b, c"}', "SINGLE": "it's 50 %", "EMPTY": ""}
"""Values that a supervisor's configuration must not bend."""
PYTHONS = ("PATH", "PYTHONWARNINGS", "LC_CTYPE")
"""What a supervisor has itself."""


class Running:
    """A house's supervisor with two small processes."""

    def __init__(self, home: Path, **env: str) -> None:
        self.paths = HousePaths.from_environment({"AGENT_BOT_HOME": str(home)} | free_ports_for_all())
        self.paths.make()
        self.supervisor = Supervisor(self.paths)
        env = {"PATH": "/usr/bin:/bin"} | env
        self.supervisor.launch([Process(name, ["sleep", "60"], env) for name in ("one", "two")])
        for name in ("one", "two"):
            self.supervisor.start(name)

    def pids(self) -> dict[str, int]:
        """Give the processes that run."""
        states = self.supervisor.states()
        return {name: state["pid"] for name, state in states.items() if state["statename"] in RUNNING}

    def until(self, count: int) -> dict[str, int]:
        """Wait until so many run."""
        end = time.monotonic() + LIMIT_SECONDS
        while len(pids := self.pids()) != count:
            assert time.monotonic() < end, self.supervisor.states()
            time.sleep(0.05)
        return pids


@pytest.fixture
def running(tmp_path: Path) -> Iterator[list[Running]]:
    """Two houses under supervisors of their own."""
    made = [Running(tmp_path / name, **AWKWARD) for name in ("first", "second")]
    yield made
    for one in made:
        one.supervisor.stop()
        assert not one.paths.runtime.exists()


@pytest.mark.slow
def test_two_houses_do_not_touch_each_other(running: list[Running]) -> None:
    """Stopping one house ends its own processes alone, and a second stop finds nothing to do."""
    first, second = running
    mine, others = first.until(2), second.until(2)
    assert first.supervisor.stop()
    assert not any(psutil.pid_exists(pid) for pid in mine.values())
    assert not first.supervisor.running()
    assert not first.paths.runtime.exists()
    assert second.pids() == others
    assert not first.supervisor.stop()


def test_values_arrive_as_they_are(running: list[Running]) -> None:
    """A process's environment is what its house lists, to the letter, and what the supervisor says of itself."""
    first = running[0]
    env = psutil.Process(first.until(2)["one"]).environ()
    assert {name: value for name, value in env.items() if name in AWKWARD} == AWKWARD
    assert {name for name in env if not name.startswith("SUPERVISOR_")} <= {*AWKWARD, *PYTHONS}


@pytest.mark.parametrize("value", ["both \" and '", "two\nlines", "a # comment", "a ; comment", '"quoted"'])
def test_a_value_that_cannot_arrive_is_refused(paths: HousePaths, value: str) -> None:
    """A value that the supervisor's configuration cannot express is told by its variable, and nothing starts."""
    supervisor = Supervisor(paths)
    with pytest.raises(ConfigError, match="ODD has a value"):
        supervisor.launch([Process("one", ["sleep", "60"], {"ODD": value})])
    assert not supervisor.running()


def test_a_process_that_dies_is_started_again(running: list[Running]) -> None:
    """A process that was killed comes back under a new id; its neighbours stay."""
    first = running[0]
    before = first.until(2)
    psutil.Process(before["one"]).kill()
    end = time.monotonic() + LIMIT_SECONDS
    while (after := first.pids()).get("one") in (None, before["one"]):
        assert time.monotonic() < end, first.supervisor.states()
        time.sleep(0.05)
    assert after["two"] == before["two"]


def test_another_house_s_processes_are_no_orphans(running: list[Running]) -> None:
    """What a living supervisord holds is not taken for something left behind; once that is killed, it is."""
    first = running[0]
    pids = first.until(2)
    listed = [Process("one", ["sleep", "60"], {})]
    assert not {one.pid for one in find_orphans(listed)} & set(pids.values())

    (supervisor,) = {psutil.Process(pid).ppid() for pid in pids.values()}
    dying = psutil.Process(supervisor)
    dying.kill()
    dying.wait(5)
    try:
        assert {one.pid for one in find_orphans(listed)} >= set(pids.values())
    finally:
        end_orphans(dict.fromkeys(map(psutil.Process, pids.values()), listed[0]))


def test_a_stop_clears_after_a_killed_supervisord(running: list[Running]) -> None:
    """The socket of a supervisord that was killed goes with the next stop; where none was up, nothing is made."""
    first = running[0]
    pids = first.until(2)
    psutil.Process(psutil.Process(pids["one"]).ppid()).kill()
    end_orphans(dict.fromkeys(map(psutil.Process, pids.values()), Process("one", [], {})))
    assert first.paths.runtime.exists()
    assert not first.supervisor.stop()
    assert not first.paths.runtime.exists()
