"""The running house: what its processes hold, that it runs once, and that another one beside it does not touch it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from agent_vendors import load
from core.house.commands import command
from fixtures.house import PartOfHouse, RunningHouse, Worker, free_ports_for_all
from house.options import Options
from house.paths import HousePaths, ports_of
from house.supervise import Supervisor
from service_kit.errors import ConfigError

PORTS = ports_of(load())

VENDORS = load()

ADDED = ("SUPERVISOR_", "PYTHONWARNINGS", "LC_CTYPE", "PATH")
"""What the supervisor and Python add: nothing of it is secret."""
UPSTREAMS_KEYS = {
    *(f"{vendor.prefix}UPSTREAM_TOKEN" for vendor in VENDORS),
    *("MODEL_UPSTREAM_KEY", "MODEL_UPSTREAM_AUTH_TOKEN", "ANTHROPIC_API_KEY"),
}
SERVERS = [vendor.mcp for vendor in VENDORS]
STAND_INS = {"stand-in-model", *(vendor.stand_in for vendor in VENDORS)}


class SmallHouse(PartOfHouse):
    """A house of the stand-ins alone, with stores that it is given."""

    apart = frozenset(PORTS) - STAND_INS


@pytest.fixture
def beside(house: RunningHouse, tmp_path: Path) -> Iterator[SmallHouse]:
    """A second house, on the stores of the first, that is not up yet."""
    environ = {"AGENT_BOT_HOME": str(tmp_path / "var"), "PATH": "/usr/bin:/bin"} | free_ports_for_all()
    environ |= house.house.urls()
    made = SmallHouse(HousePaths.from_environment(environ), Options(), environ)
    made.init()
    yield made
    made.down()
    shutil.rmtree(made.paths.runtime, ignore_errors=True)


def _environ(pid: int) -> dict[str, str]:
    return psutil.Process(pid).environ()


def test_each_process_holds_its_listed_variables_alone(house: RunningHouse) -> None:
    """What each running process was really started with is what the house lists for it, and no more."""
    pids = house.pids()
    listed = {process.name: process.env for process in house.house.processes()}
    assert pids.keys() == listed.keys() >= {"stores", "model-api", "control", *SERVERS, *STAND_INS}
    for name, pid in pids.items():
        held = _environ(pid)
        assert {key: held.get(key) for key in listed[name]} == listed[name], name
        assert [key for key in held if key not in listed[name] and not key.startswith(ADDED)] == [], name


def test_no_vendors_key_is_where_agents_could_reach_it(house: RunningHouse, sse_worker: Worker) -> None:
    """Worker, MCP servers and control hold no credential of a vendor or the model, under whatever name."""
    pids = house.pids() | {"worker": sse_worker.pid}
    credentials = [house.paths.secret("stand-in-model.key")]
    credentials += [house.paths.secret(vendor.stand_in_secret) for vendor in VENDORS]
    for name in ("worker", "control", *SERVERS):
        held = _environ(pids[name])
        assert not held.keys() & UPSTREAMS_KEYS, name
        assert not [key for key, value in held.items() if any(one in value for one in credentials)], name


async def test_a_house_that_is_up_is_not_started_again(house: RunningHouse) -> None:
    """A second `up` says so and touches nothing."""
    before = house.pids()
    with pytest.raises(ConfigError, match="this house is up already: `make health` shows it, `make down` stops it"):
        await house.house.up(lambda _: None)
    assert house.pids() == before


@pytest.mark.slow
async def test_a_second_house_comes_and_goes_beside_the_first(house: RunningHouse, beside: SmallHouse) -> None:
    """`health` and `down` need no word on ports that only `up` was told, and the first house's processes stay."""
    first = house.pids()
    before = command(beside.paths, "health")
    assert (before.returncode, before.stdout) == (1, "the house is not up: `make up` starts it\n")

    said: list[str] = []
    await beside.up(said.append)
    assert f"stand-in-model is ready on port {beside.paths.ports['stand-in-model']}" in " ".join(said)
    health = command(beside.paths, "health")
    assert health.returncode == 0, health.stdout + health.stderr
    assert dict(line.split() for line in health.stdout.splitlines()) == dict.fromkeys(STAND_INS, "ready")

    processes = {psutil.Process(state["pid"]) for state in Supervisor(beside.paths).states().values()}
    down = command(beside.paths, "down")
    assert (down.returncode, down.stdout) == (0, "the house is down\n")
    assert command(beside.paths, "down").stdout == "nothing was running\n"
    assert not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert not beside.paths.runtime.exists()
    assert house.pids() == first
    assert set((await house.house.health()).values()) == {"ready"}
