"""Commands under test: a command's run, and what happens to its task beside it."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import agent_ledger
import asyncpg
from agent_contracts import TaskResult
from agent_contracts.event import Text
from agent_engine.skills.load import load_registry, shipped_folder
from agent_stores.pool import open_pool
from typer.testing import Result

Run = Callable[..., Result]
INPUT = '{"repository": "octocat/hello-world", "issue": 1}'


def apart(url: str, work: Callable[[asyncpg.Pool], Coroutine[Any, Any, Any]]) -> Any:
    """Do something with the ledger in a loop of its own."""

    async def with_pool() -> Any:
        pool = await open_pool(url, size=2, application="tests")
        try:
            return await work(pool)
        finally:
            await pool.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, with_pool()).result()


def enqueued(run: Run) -> str:
    """Register the shipped skills and enqueue a task."""
    assert run("skills", "register").exit_code == 0
    result = run("enqueue", "issue-triage", "-i", INPUT, "--json")
    assert result.exit_code == 0, result.output
    return str(json.loads(result.output)["id"])


async def end(pool: asyncpg.Pool, status: str = "succeeded") -> None:
    """Play a worker that does the one task that waits."""
    versions = {skill.name: skill.version for skill in load_registry([shipped_folder()]).skills.values()}
    claim = await agent_ledger.claim(
        pool, worker="w", lease_seconds=60, pools=["default"], engines=["claude"], skills=versions
    )
    assert claim is not None
    assert claim.task.actor is not None
    assert (claim.door, claim.task.actor.kind) == ("cli", "person")
    await agent_ledger.append_events(pool, claim.id, 1, [(1, datetime.now(UTC), Text(text="hello \x1b[2J"))])
    await agent_ledger.save_transcript(pool, claim.id, 1, b'{"type":"system"}\n\x1b[2Jraw\n')
    result = TaskResult.model_validate({"task_id": claim.id, "status": status, "output": {"labels": ["bug"]}})
    assert await agent_ledger.finish(pool, claim.id, 1, result)
