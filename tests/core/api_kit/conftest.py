"""Corkboard's gateway."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from api_kit import reconciler
from core.api_kit.corkboard import corkboard
from fixtures.gateway import House
from service_kit import watched


@pytest.fixture
def quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway looks all the time for what was approved or lost."""
    for name in ("SEND_SECONDS", "FIND_SECONDS"):
        monkeypatch.setattr(reconciler, name, 0.05)


@pytest.fixture
def watched_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed file counts at the next request."""
    monkeypatch.setattr(watched, "LOOK_EVERY_SECONDS", 0.0)


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """Corkboard's gateway, without Redis."""
    async with corkboard(tmp_path, database_url, changes={}) as opened:
        yield opened
