"""A house with one worker that takes every task of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.bad_input.ground import SCENARIOS, Ground
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart

SKILLS = Path(__file__).parents[1] / "skills"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.bad_input)


async def _prepare(house: RunningHouse) -> None:
    for name, scenario in SCENARIOS.items():
        await house.scenario(name, scenario)


@pytest.fixture(scope="module")
def ground(house: RunningHouse) -> Iterator[Ground]:
    """The house, and a worker beside it; both are as before when a module is done."""
    run_apart(_prepare(house))
    with worker(house, slots=4, skills=[SKILLS]) as made:
        yield Ground(house, made)
