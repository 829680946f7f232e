"""The gateway under test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from vendor.github_api.house import House, house


@pytest.fixture
async def api(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """A gateway without Redis, whose own rate is out of the way."""
    async with house(tmp_path, database_url, None, rate_per_second=10_000, rate_burst=10_000) as opened:
        yield opened
