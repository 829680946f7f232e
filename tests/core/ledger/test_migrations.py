"""Migrating schema `ledger`."""

import asyncio
import os
import sys

import pytest
from agent_ledger.migrations import SCHEMA, VERSIONS
from agent_stores.migrate import current, newest
from agent_stores.migrate_command import MigrationSettings
from service_kit.errors import ConfigError
from service_kit.settings import load

FOUR = """
import os, sys
import agent_ledger.__main__, alembic.command, asyncpg, sqlalchemy.ext.asyncio

sys.argv = ["agent-ledger", "migrate"]
children = []
for _ in range(4):
    if not (pid := os.fork()):
        os._exit(agent_ledger.__main__.main())
    children.append(pid)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children))
"""


@pytest.mark.slow
async def test_four_migrators_at_once(empty_database_url: str) -> None:
    """Four processes that migrate one empty database at once all succeed, and it is at the newest version."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        FOUR,
        env={**os.environ, "DATABASE_URL": empty_database_url},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said
    assert said.count(f'"revision": "{newest(VERSIONS)}"'.encode()) == 4
    assert await current(empty_database_url, SCHEMA) == newest(VERSIONS)


def test_missing_database_url_is_named() -> None:
    """Without DATABASE_URL the command says which variable is missing and what to do."""
    with pytest.raises(ConfigError, match="DATABASE_URL is not set"):
        load(MigrationSettings, {})
