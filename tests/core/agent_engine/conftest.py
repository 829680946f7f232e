"""A place for workers: real stores, keys, skills and confinement."""

import asyncio
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
import yaml
from agent_engine.cli.app import app
from agent_engine.confinement.probe import probe
from agent_engine.confinement.protocol import Confinement
from core.agent_engine.commands import Run
from core.agent_engine.worker_place import OPEN, Place, furnish
from fixtures.serving import alive, served_by_thread
from redis.asyncio import Redis
from typer.testing import CliRunner, Result


@pytest.fixture(scope="session")
def engine_confinement() -> Confinement:
    """What confines runs here, found once."""
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(asyncio.run, probe()).result()
    if found.reduced:
        pytest.skip(f"needs user namespaces: {found.remedy}")
    return found.confinement


@pytest.fixture(scope="session")
def answering_server() -> Iterator[str]:
    """A server that says it is alive: enough for a worker to claim tasks that need it, whose CLI is a script."""
    with served_by_thread(alive()) as url:
        yield url


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that every uid can enter, as a root worker's folder of runs is."""
    with tempfile.TemporaryDirectory(prefix="agent-bot-tests-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder).resolve()


@pytest.fixture
def place(
    tmp_path: Path,
    database_url: str,
    redis_url: str,
    pool: asyncpg.Pool,
    redis: Redis,
    engine_confinement: Confinement,
    answering_server: str,
) -> Place:
    """Stores, keys, doors and skills for workers."""
    furnish(tmp_path)
    return Place(tmp_path, database_url, redis_url, pool, redis, engine_confinement, answering_server)


@pytest.fixture
def access(tmp_path: Path) -> Path:
    """An access file with the command line's door."""
    path = tmp_path / "access.yaml"
    path.write_text(yaml.safe_dump({"cli": {"skills": ["*"], "vendors": OPEN}}))
    return path


@pytest.fixture
def run(database_url: str, access: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with a ledger and a door in its environment."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ACCESS_FILE", str(access))
    monkeypatch.delenv("SKILLS_PATH", raising=False)
    runner = CliRunner()

    def invoke(*arguments: str) -> Result:
        result = runner.invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke
