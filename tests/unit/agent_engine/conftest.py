"""A place for workers: real stores, keys, skills and confinement."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from agent_engine.confinement.layout import Confinement
from agent_engine.confinement.probe import probe
from redis.asyncio import Redis
from unit.agent_engine.engine_house import Place, furnish


@pytest.fixture(scope="session")
def engine_confinement() -> Confinement:
    """What confines runs here, found once."""
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(asyncio.run, probe()).result()
    if found.reduced:
        pytest.skip(f"needs user namespaces: {found.remedy}")
    return found.confinement


@pytest.fixture
def place(
    tmp_path: Path, database_url: str, redis_url: str, pool: asyncpg.Pool, redis: Redis, engine_confinement: Confinement
) -> Place:
    """Stores, keys, doors and skills for workers."""
    furnish(tmp_path)
    return Place(tmp_path, database_url, redis_url, pool, redis, engine_confinement)
