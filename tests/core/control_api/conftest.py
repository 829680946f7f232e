"""Control on a real port, with a real database."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from agent_ledger import SkillRow, register_skills
from fixtures.control import TRIGGER, Control, built, write_files
from fixtures.serving import serving
from service_kit.http import HttpClient


@pytest.fixture
def trigger() -> dict[str, Any]:
    """The one trigger; a test may override it by parametrizing."""
    return dict(TRIGGER)


@pytest.fixture
async def control(pool: asyncpg.Pool, tmp_path: Path, trigger: dict[str, Any]) -> AsyncIterator[Control]:
    """A running control with the skill registered and no worker anywhere."""
    write_files(tmp_path, trigger)
    schema = {"properties": {"issue": {"type": "integer"}}}
    row = SkillRow(name="issue-triage", version="v1", engine="claude", model="m", description="d", input_schema=schema)
    await register_skills(pool, [row])
    async with serving(built(tmp_path, pool)) as url, HttpClient(base_url=url) as http:
        yield Control(http, pool, tmp_path, url=url)
