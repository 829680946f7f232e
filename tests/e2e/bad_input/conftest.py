"""A house with one worker that takes every task of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.bad_input.ground import SCENARIOS, Ground
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart

SKILLS = Path(__file__).parents[1] / "skills"


async def _prepare(house: RunningHouse) -> None:
    for name, scenario in SCENARIOS.items():
        await house.scenario(name, scenario)


@pytest.fixture(scope="module")
def ground(house: RunningHouse) -> Iterator[Ground]:
    """The house, and a worker beside it; both are as before when a module is done."""
    run_apart(_prepare(house))
    with worker(house, slots=4, skills=[SKILLS]) as made:
        yield Ground(house, made)
