"""Hosts' clocks may be minutes apart: workers go by the ledger's clock and by monotonic time alone."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WORKERS = ("agent-engine/src", "packages/ledger/src", "packages/effects/src")
WALL_CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


def wall_clocks(source: str) -> list[str]:
    """Give what reads the host's wall clock in a module."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            found += [name] if name in WALL_CLOCKS else []
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [f"time.{one.name}" for one in node.names if f"time.{one.name}" in WALL_CLOCKS]
    return found


@pytest.mark.parametrize("source", ["import time\ntime.time()", "from time import time", "datetime.datetime.now(UTC)"])
def test_the_search_finds_what_reads_a_wall_clock(source: str) -> None:
    """The rule below would hold of nothing otherwise."""
    assert wall_clocks(source)


def test_no_worker_reads_its_hosts_clock() -> None:
    """Neither the engine nor what it writes with asks the host for the time of day."""
    modules = [path for root in WORKERS for path in (ROOT / root).rglob("*.py")]
    assert len(modules) > 50
    found = {str(path.relative_to(ROOT)): names for path in modules if (names := wall_clocks(path.read_text()))}
    assert found == {}
