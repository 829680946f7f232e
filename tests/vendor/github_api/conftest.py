"""The gateway under test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from vendor.github_api.house import House, house


@pytest.fixture
async def api(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """A gateway without Redis."""
    async with house(tmp_path, database_url) as opened:
        yield opened
