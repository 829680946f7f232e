"""What end-to-end tests have: one house of real processes a test run, and workers beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.house import RunningHouse, Worker, running_house, worker

HERE = Path(__file__).parent
APART = tuple(
    HERE / name
    for name in (
        "apart",
        "bad_input",
        "confinement",
        "hostile",
        "scenarios",
        "verdicts",
        "test_budgets.py",
        "test_stopped_workers.py",
        "test_tasks_side_by_side.py",
    )
)
"""Tests that take houses of their own, break the one they have, or play many runs to their ends: `make test-houses`."""
LIMIT_SECONDS = 180
"""Longer than a test may take on its own: the first one also waits for the house."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder, and give them time."""
    for item in items:
        if item.path.is_relative_to(HERE):
            for mark in (pytest.mark.e2e, pytest.mark.cli):
                item.add_marker(mark)
            if any(item.path.is_relative_to(folder) for folder in APART):
                item.add_marker(pytest.mark.apart)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LIMIT_SECONDS))


@pytest.fixture(scope="session")
def house() -> Iterator[RunningHouse]:
    """A house without a worker, up for the whole test run."""
    with running_house() as made:
        yield made


@pytest.fixture(scope="module")
def sse_worker(house: RunningHouse) -> Iterator[Worker]:
    """A worker whose runs reach MCP servers over SSE."""
    with worker(house, transport="sse") as made:
        yield made


@pytest.fixture(scope="module")
def http_worker(house: RunningHouse) -> Iterator[Worker]:
    """A worker whose runs reach MCP servers over Streamable HTTP."""
    with worker(house, transport="http") as made:
        yield made
