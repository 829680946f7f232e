"""The model-api under test."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from core.model_api.house import House, house


@pytest.fixture
async def api(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> AsyncIterator[House]:
    """A model-api with the stand-in behind it."""
    async with house(tmp_path, database_url, pool) as opened:
        yield opened
