"""`control-api migrate`: every package of control that owns tables gets its schema."""

import asyncio
import os
import sys

import pytest
from agent_stores.migrate import current, newest
from control_api.migrations import OWNERS


@pytest.mark.slow
async def test_migrate_brings_every_schema_up_to_date(empty_database_url: str) -> None:
    """One command is enough, also when it is given twice."""
    command = [sys.executable, "-m", "control_api", "migrate"]
    environ = {**os.environ, "DATABASE_URL": empty_database_url}
    assert [await current(empty_database_url, owner.SCHEMA) for owner in OWNERS] == [None, None]
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(*command, env=environ)
        assert await process.wait() == 0
    for owner in OWNERS:
        assert await current(empty_database_url, owner.SCHEMA) == newest(owner.VERSIONS)
