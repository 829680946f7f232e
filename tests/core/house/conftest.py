"""A house that is made, and not started."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.house import free_ports_for_all
from house.lifecycle import House
from house.options import Options
from house.paths import HousePaths


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment that places a house in a folder of its own, on free ports."""
    return {"AGENT_BOT_HOME": str(tmp_path / "var"), "PATH": "/usr/bin:/bin"} | free_ports_for_all()


@pytest.fixture
def paths(environ: dict[str, str]) -> Iterator[HousePaths]:
    """A place with its folders, keys and tokens."""
    made = HousePaths.from_environment(environ)
    made.make()
    yield made
    shutil.rmtree(made.runtime, ignore_errors=True)


@pytest.fixture
def local(paths: HousePaths, environ: dict[str, str]) -> House:
    """A house with its first files."""
    house = House(paths, Options(), environ)
    house.init()
    return house
