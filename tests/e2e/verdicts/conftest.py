"""Every case, played once: two workers, all tasks side by side."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from e2e.verdicts.cases import CASES
from e2e.verdicts.ground import POOL, POOL_DOWN, Outcome, play, prepare
from fixtures.house import RunningHouse, worker
from fixtures.ports import free_ports
from fixtures.stores import run_apart

SKILLS = Path(__file__).parents[1] / "skills"


@pytest.fixture(scope="session")
def outcomes(house: RunningHouse) -> Mapping[str, Outcome]:
    """What became of every case, by its name; one worker finds a closed port in place of its MCP server."""
    run_apart(prepare(house, CASES))
    closed = f"http://127.0.0.1:{free_ports(1)[0]}"
    with (
        worker(house, slots=10, skills=[SKILLS], pool=POOL),
        worker(house, slots=1, pool=POOL_DOWN, GITHUB_MCP_URL=closed),
    ):
        played: Mapping[str, Outcome] = run_apart(play(house, CASES))
    return played
