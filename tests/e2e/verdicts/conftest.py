"""Every case, played once: two workers, all tasks side by side."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from e2e.verdicts.cases import CASES
from e2e.verdicts.ground import POOL, POOL_DOWN, Outcome, play, prepare
from fixtures.house import RunningHouse, worker
from fixtures.serving import alive, served_by_thread
from fixtures.stores import run_apart

SKILLS = Path(__file__).parents[1] / "skills"


@pytest.fixture(scope="session")
def outcomes(house: RunningHouse) -> Mapping[str, Outcome]:
    """What became of every case, by its name; one worker finds a server without MCP in place of its MCP server."""
    run_apart(prepare(house, CASES))
    with (
        served_by_thread(alive()) as url,
        worker(house, slots=10, skills=[SKILLS], pool=POOL),
        worker(house, slots=1, pool=POOL_DOWN, GITHUB_MCP_URL=url),
    ):
        played: Mapping[str, Outcome] = run_apart(play(house, CASES))
    return played
