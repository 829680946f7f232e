"""A worker that stood still while its task went on elsewhere, each with a clock that is minutes off."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import agent_ledger
import psutil
import pytest
from agent_contracts import Budget, TaskEvent, TaskResult
from agent_contracts.event import Started
from e2e.confinement.gates import GRANT, Reply, ask, at_gateway, call_tool, sign
from fixtures.house import RunningHouse, Worker, worker
from fixtures.stores import run_apart
from fixtures.triage import ANSWER, COMMENT, REPOSITORY, TOOL_CALLS, script, task
from service_kit.tokens import Signer

LEASE_SECONDS = 3.0
POOL = "stopped"
MODEL = "claude-sonnet-4-5"
OFF_SECONDS = {"ahead": 300, "behind": -300}
CLOCK = """\
import datetime, os, time
by, real = float(os.environ["CLOCK_OFF_SECONDS"]), time.time
time.time = lambda: real() + by
class Off(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(time.time(), tz)
datetime.datetime = Off
"""
"""Sets a process's clock: Python reads it before anything else."""


@dataclass(frozen=True)
class Stop:
    """What came of a task whose worker stood still in the middle.

    Attributes:
        replies: to what the first attempt's tokens asked while the second one ran, by gate.
        kept: how many events of the first attempt there were when its worker went on.
        left: the processes of the first attempt's run, some seconds after that.
    """

    number: int
    task_id: UUID
    result: TaskResult
    events: list[TaskEvent]
    replies: dict[str, Reply]
    kept: int
    left: list[str]
    next: TaskResult


async def _stop(house: RunningHouse, first: Worker, second: Worker) -> Stop:
    with _paused(second):
        number = await house.open_issue()
        await house.scenario(f"triage-{number}", script(number, {COMMENT: {"hang": True}}))
        task_id = await house.submit(**task(number, pool=POOL))
        await _until_answered(house, task_id, TOOL_CALLS[COMMENT])
        await house.scenario(f"triage-{number}", script(number, {ANSWER: {"delay": 2}}))
    with _paused(first):
        run = psutil.Process(first.pid).children(recursive=True)
        await house.until(task_id, "started", attempt=2)
        replies = await _replayed(house, task_id, number)
        kept = len([one for one in await house.events(task_id) if one.attempt == 1])
        result = await house.result(task_id)
    _, alive = await asyncio.to_thread(psutil.wait_procs, run, timeout=5)
    with _paused(second):
        another = await house.open_issue()
        following = await house.result(await house.submit(**task(another, pool=POOL)))
    left = [one.name() for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    return Stop(number, task_id, result, await house.events(task_id), replies, kept, left, following)


async def _until_answered(house: RunningHouse, task_id: UUID, results: int) -> None:
    async with asyncio.timeout(60), house.database() as pool:
        while True:
            events = await agent_ledger.events(pool, task_id, after=(0, 0), limit=10_000)
            if len([one for one in events if one.body.kind == "tool_result"]) >= results:
                return
            await asyncio.sleep(0.1)


async def _replayed(house: RunningHouse, task_id: UUID, number: int) -> dict[str, Reply]:
    """Write and spend with the first attempt's claims, at each gate by itself."""
    grant = GRANT.model_copy(update={"tools": ["issue_read", "add_issue_comment"], "limits": {}})
    token = sign(house, grant, task=task_id, attempt=1)
    comment = {"body": "Written by an attempt that is over."}
    path = f"/repos/{REPOSITORY}/issues/{number}/comments"
    arguments = {"repository": REPOSITORY, "issue": number, **comment}
    signer = Signer.from_file(house.place.home / "secrets/signing-key.json")
    spending = signer.model_token(
        task=task_id, attempt=1, tenant="default", models=[MODEL], budget=Budget(), lifetime_seconds=300
    )
    request = {"model": MODEL, "max_tokens": 5, "messages": [{"role": "user", "content": "SCENARIO:text"}]}
    headers = {"x-api-key": spending, "anthropic-version": "2023-06-01"}
    return {
        "github-api": await at_gateway(house, token, "POST", path, tool="add_issue_comment", document=comment),
        "github-mcp": await call_tool(house, token, "add_issue_comment", arguments),
        "model-api": await ask(house, "model-api", "POST", "/v1/messages", headers=headers, document=request),
    }


@contextmanager
def _paused(running: Worker) -> Iterator[None]:
    """Let a worker stand still."""
    process = psutil.Process(running.pid)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


@pytest.fixture(scope="module")
def stop(house: RunningHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stop]:
    """A worker stopped for longer than its lease, and one beside it; their clocks are ten minutes apart."""
    folder: Path = tmp_path_factory.mktemp("clock")
    (folder / "sitecustomize.py").write_text(CLOCK)

    def clock(name: str) -> dict[str, Any]:
        return {"PYTHONPATH": str(folder), "CLOCK_OFF_SECONDS": str(OFF_SECONDS[name])}

    with (
        worker(house, pool=POOL, lease_seconds=LEASE_SECONDS, **clock("ahead")) as first,
        worker(house, pool=POOL, lease_seconds=LEASE_SECONDS, **clock("behind")) as second,
    ):
        made: Stop = run_apart(_stop(house, first, second))
        yield made


async def test_the_task_ends_once_and_nothing_is_doubled(house: RunningHouse, stop: Stop) -> None:
    """The second attempt ends it, and there is one comment; labels may have been set twice, to the same."""
    assert (stop.result.status, stop.result.attempts, stop.result.message) == ("succeeded", 2, "")
    assert [one.tool for one in stop.result.effects].count("add_issue_comment") == 1
    assert {one.state for one in stop.result.effects} == {"done"}
    issue = await house.issue(stop.number)
    assert (issue["labels"], len(issue["comments"])) == (["bug"], 1)


def test_what_the_stopped_attempt_may_still_ask_is_refused(stop: Stop) -> None:
    """While the next attempt runs, the first one's claims neither write, directly or through the server, nor spend."""
    at_gate, through, spent = (stop.replies[name] for name in ("github-api", "github-mcp", "model-api"))
    assert (at_gate.status, at_gate.reason) == (409, "stale_attempt")
    assert through.failed
    assert "another attempt" in through.text
    assert (spent.status, spent.reason) == (403, "stale_attempt")


def test_it_reports_nothing_more_and_works_on(stop: Stop) -> None:
    """Once it goes on, its run is ended and none of its events is written; it takes the next task."""
    assert len([one for one in stop.events if one.attempt == 1]) == stop.kept
    assert [one.body.kind for one in stop.events].count("finished") == 1
    assert stop.left == []
    assert (stop.next.status, stop.next.attempts) == ("succeeded", 1)


def test_the_workers_clocks_count_for_nothing(stop: Stop) -> None:
    """Both attempts' events are told by the ledger's clock, in order, and the tokens were good at every gate."""
    workers = [one.body.worker for one in stop.events if isinstance(one.body, Started)]
    assert len(set(workers)) == 2
    times = [one.at.timestamp() for one in stop.events]
    assert times == sorted(times)
    assert abs(times[-1] - time.time()) < max(OFF_SECONDS.values()) / 2
