"""One battery for a test run: the short form, with holes planted beside it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from attack.battery import battery
from attack.case import READY, load
from attack.outcome import Outcome
from fixtures.house import RunningHouse, running_house

HOLES = Path(__file__).parent / "holes"
"""Cases that must not count as blocked: the grant allows the thing, or the hostile step never runs."""


@pytest.fixture(scope="session")
def house() -> Iterator[RunningHouse]:
    """A house without a worker."""
    with running_house() as made:
        yield made


@pytest.fixture(scope="session")
def outcomes(house: RunningHouse, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """What became of each case of the short form, and of each hole, by its id."""
    cases = [*load(short=True), *load(HOLES)]
    return {one.id: one for one in battery(house, cases, folder=tmp_path_factory.mktemp("attack"), ready=READY)}
