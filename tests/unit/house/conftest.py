"""A house that is made, and not started."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.house import free_ports_for_all
from house.choice import Choice
from house.life import House
from house.place import Place


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment that places a house in a folder of its own, on free ports."""
    return {"AGENT_BOT_HOME": str(tmp_path / "var"), "PATH": "/usr/bin:/bin"} | free_ports_for_all()


@pytest.fixture
def place(environ: dict[str, str]) -> Iterator[Place]:
    """A place with its folders, keys and tokens."""
    made = Place.from_environment(environ)
    made.make()
    yield made
    shutil.rmtree(made.runtime, ignore_errors=True)


@pytest.fixture
def local(place: Place, environ: dict[str, str]) -> House:
    """A house with its first files."""
    house = House(place, Choice(), environ)
    house.init()
    return house
