"""The command that migrates effects and spending."""

import subprocess
import sys

import pytest
from agent_effects.migrations import SCHEMA, VERSIONS
from agent_stores.migrate import current, newest


def migrate(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `python -m agent_effects migrate`."""
    command = [sys.executable, "-m", "agent_effects", "migrate"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.slow
async def test_migrate_brings_an_empty_database_up(empty_database_url: str) -> None:
    """The command needs no other schema, prints nothing on standard output and says the revision in its log."""
    result = migrate({"DATABASE_URL": empty_database_url})
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    assert await current(empty_database_url, SCHEMA) == newest(VERSIONS)
    assert f'"revision": "{newest(VERSIONS)}"' in result.stderr


@pytest.mark.slow
def test_a_missing_address_is_named() -> None:
    """Without DATABASE_URL the command names it and ends with status 2."""
    result = migrate({})
    assert result.returncode == 2
    assert "DATABASE_URL is not set" in result.stderr
