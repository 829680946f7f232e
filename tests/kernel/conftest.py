"""What confines runs here, and a place for workers."""

from pathlib import Path

import pytest
from core.agent_engine.conftest import access, answering_server, engine_confinement, place, run, tmp_path

__all__ = ["access", "answering_server", "engine_confinement", "place", "run", "tmp_path"]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder: they take memory, processes and time up to their bounds."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.apart)
