"""A house that is up is found on its ports, whatever the environment of a later command says."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from agent_vendors import load
from fixtures.ports import free_ports
from house.lifecycle import House
from house.options import Options
from house.paths import HousePaths, ports_of
from house.ports import came_up_with, remember, remembered, with_its_ports
from house.processes import Process
from house.supervise import Supervisor
from service_kit.errors import ConfigError

PORTS = ports_of(load())


@pytest.fixture
def elsewhere(environ: dict[str, str]) -> dict[str, str]:
    """A later command's environment: the same folder, and no port."""
    return {"AGENT_BOT_HOME": environ["AGENT_BOT_HOME"]}


@pytest.fixture
def up(local: House) -> Iterator[HousePaths]:
    """A place whose supervisor runs."""
    remember(local.paths, {})
    Supervisor(local.paths).launch([Process("one", ["sleep", "60"], {"PATH": "/usr/bin:/bin"})])
    yield local.paths
    Supervisor(local.paths).stop()


def test_a_house_that_is_up_is_found_without_its_ports(up: HousePaths, elsewhere: dict[str, str]) -> None:
    """A command uses the ports that the house is up on, whether it is told none or others."""
    assert HousePaths.from_environment(elsewhere).ports == PORTS
    for given in (elsewhere, elsewhere | {"PORT_OFFSET": "11000"}):
        assert with_its_ports(HousePaths.from_environment(given)) == up


def test_the_vendors_are_those_that_the_house_came_up_with(local: House) -> None:
    """A later command needs no VENDORS: what asks the engine, or stops orphans, knows every process of the house."""
    remember(local.paths, {"VENDORS": "github"})
    later = remembered(replace(local.paths, vendors=()))
    assert later is not None
    assert later.vendors == load(["github"])


@pytest.mark.slow
def test_what_went_down_is_forgotten(up: HousePaths, local: House, elsewhere: dict[str, str]) -> None:
    """After `down` the environment alone says the ports."""
    assert local.down()
    assert remembered(up) is None
    assert with_its_ports(HousePaths.from_environment(elsewhere)).ports == PORTS


def test_a_house_that_is_not_up_is_where_the_environment_says(local: House, elsewhere: dict[str, str]) -> None:
    """What a killed house had binds no later command."""
    remember(local.paths, {})
    assert with_its_ports(HousePaths.from_environment(elsewhere)).ports == PORTS


@pytest.mark.slow
async def test_a_house_that_does_not_come_up_is_forgotten(local: House) -> None:
    """A start that fails leaves no ports behind, and nothing running."""
    broken = House(local.paths, Options(), {"AGENT_BOT_HOME": str(local.paths.home), "STORES__PATH": '"quoted"'})
    with pytest.raises(ConfigError, match="PATH has a value"):
        await broken.up(lambda _: None)
    assert remembered(local.paths) is None
    assert not local.down()


def test_a_file_that_a_full_disk_cut_off_is_no_house(paths: HousePaths) -> None:
    """Half of what was to be remembered counts as nothing."""
    (paths.home / "came_up.json").write_text('{"ports": {"control": 80')
    assert remembered(paths) is None


@pytest.mark.slow
async def test_what_a_killed_house_left_is_ended_whatever_is_said_now(
    local: House, environ: dict[str, str], tmp_path: Path
) -> None:
    """`down` with other ports and options, or none, ends what came up with those that are remembered."""
    (tmp_path / "skills/one/scenarios").mkdir(parents=True)
    given = {"SKILLS_PATH": str(tmp_path / "skills"), "WORKER__WORKER_GRACE_SECONDS": "7"}
    came = House(local.paths, Options(), environ | given)
    stand_in = next(process for process in came.processes() if process.name == "stand-in-model")
    assert stand_in.argv not in [process.argv for process in local.processes()]
    left = await asyncio.create_subprocess_exec(*stand_in.argv, env=stand_in.env)
    remember(local.paths, given)
    (port,) = free_ports(1)
    said = environ | {"STAND_IN_MODEL_PORT": str(port)}
    now = said | {"WORKER_GRACE_SECONDS": "x"}
    moved = HousePaths.from_environment(now)
    assert came_up_with(moved, now) == said | given
    try:
        assert await asyncio.to_thread(House(moved, Options(), now).down)
        await asyncio.wait_for(left.wait(), 10)
    finally:
        if left.returncode is None:
            left.kill()
            await left.wait()
    assert remembered(local.paths) is None
