"""Whoever follows a task on the command line goes on when the ledger was away."""

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE

import asyncpg
import pytest
from agent_stores import outage
from core.agent_engine.commands import INPUT, Run, apart, end, enqueued
from fixtures.absent import close_database, open_database

HEARS = "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["tail", "run"])
def test_ledger_that_comes_back_is_waited_for(run: Run, database_url: str, command: str) -> None:
    """It is said once that the ledger is away and once that it is back; then the task is followed to its end."""
    if command == "tail":
        arguments = ["tail", enqueued(run)]
    else:
        assert run("skills", "register").exit_code == 0
        arguments = ["run", "issue-triage", "-i", INPUT]
    with subprocess.Popen(
        [sys.executable, "-m", "agent_engine", *arguments], env=os.environ, stdout=PIPE, stderr=PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while "queued" not in process.stdout.readline():
            assert process.poll() is None
        apart_from_it(database_url, away=True)
        told = [process.stderr.readline()]
        while not told[-1].startswith("ledger: does not answer"):
            assert told[-1].startswith("waiting: ")
            told.append(process.stderr.readline())
        apart_from_it(database_url, away=False)
        assert process.stderr.readline() == "ledger: answers again\n"
        apart(database_url, end)
        said, more = process.communicate()
    assert process.returncode == 0
    assert "hello" in said
    assert "succeeded" in said
    assert "queued" not in said
    assert "Traceback" not in more
    assert "ledger: " not in more


def test_ledger_that_stays_away_is_not_waited_for_for_ever(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while one line says that the ledger is away and how to go on."""
    task = enqueued(run)
    monkeypatch.setattr(outage, "PATIENCE_SECONDS", 0.0)

    async def close_when_followed(pool: asyncpg.Pool) -> None:
        while not await pool.fetchval(HEARS):
            await asyncio.sleep(0.05)
        await close_database(database_url)

    with ThreadPoolExecutor(1) as thread:
        closed = thread.submit(apart, database_url, close_when_followed)
        result = run("tail", task)
        closed.result()
    assert result.exit_code == 1
    away, error = (line for line in result.stderr.splitlines() if not line.startswith("waiting: "))
    assert away.startswith("ledger: does not answer, and is asked again for up to 0 s: ")
    assert error.startswith("error: the ledger has not answered for 0 s: ")
    assert error.endswith(f". `agent-engine tail {task}` follows the task when it is back")


def apart_from_it(url: str, *, away: bool) -> None:
    """Take the database away, or bring it back."""
    asyncio.run(close_database(url) if away else open_database(url))
