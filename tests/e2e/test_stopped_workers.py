"""A worker stopped for longer than its lease, and workers whose hosts' clocks are minutes apart: nothing goes wrong.

The stopped worker's clock is five minutes ahead, that of the worker which takes its task over is five minutes behind.
What the stopped one's agent would do next is at its door when it goes on, and its tokens are good for long after.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import agent_effects
import asyncpg
import psutil
import pytest
from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import Started
from e2e.confinement.gates import ask, at_gateway, call_tool
from fixtures.house import RunningHouse, Worker, worker
from fixtures.stores import run_apart
from fixtures.triage import COMMENT, REPOSITORY, TOOL_CALLS, name, script, task

POOL = "stopped"
LEASE_SECONDS = 3.0
APART_SECONDS = 300
DEADLINE_SECONDS = 150
"""Less than the clocks are apart: by its own clock the first worker would be too late at once."""
CLOCKS = Path(__file__).parent / "clocks"
STALE = "stale_attempt"


@dataclass(frozen=True)
class Held:
    """A task in the middle of a run, whose model thinks about the second write until it is let.

    Attributes:
        began: before the task came, by PostgreSQL's clock.
        attempt: the one that runs, longer than a lease lasts.
        tokens: the run's own: `task` and `model`.
    """

    number: int
    task_id: UUID
    began: datetime
    attempt: int
    tokens: dict[str, str]


@dataclass(frozen=True)
class Known:
    """What the house and the vendors know of a task at a time, by PostgreSQL's clock."""

    at: datetime
    result: TaskResult
    events: list[TaskEvent]
    writes: list[tuple[str | None, str, int]]
    comments: int
    asked: int


@dataclass(frozen=True)
class Takeover:
    """What came of it.

    Attributes:
        taken: when the other worker had brought the task to its end.
        woken: when the stopped worker had gone on, its model had said what to write, and it had noticed.
        clocks: how far ahead of PostgreSQL's the workers' clocks were, by their logs.
        left: processes of the stopped worker's run at the end.
    """

    held: Held
    taken: Known
    woken: Known
    clocks: list[float]
    left: list[str]


async def _hold(house: RunningHouse, first: Worker) -> Held:
    number = await house.open_issue()
    await house.scenario(name(number), script(number, {COMMENT: {"until": _go(number)}}))
    async with house.database() as pool:
        began = await _now(pool)
        deadline = began + timedelta(seconds=DEADLINE_SECONDS)
        task_id = await house.submit(**task(number, pool=POOL, deadline=deadline.isoformat()))
        await house.until_kept(pool, task_id, TOOL_CALLS[COMMENT])
        left = "select extract(epoch from started_at - now())::float8 + $2 from ledger.tasks where id = $1"
        await asyncio.sleep(max(0.0, await pool.fetchval(left, task_id, LEASE_SECONDS + 0.5)))
    await house.scenario(name(number), script(number, {}))
    return Held(number, task_id, began, (await house.view(task_id))["attempt"], _tokens(first))


async def _after(house: RunningHouse, held: Held) -> Known:
    result = await house.result(held.task_id)
    async with house.database() as pool:
        effects = await agent_effects.effects_of(pool, held.task_id)
        at = await _now(pool)
    return Known(
        at=at,
        result=result,
        events=await house.events(held.task_id),
        writes=[(effect.tool, effect.state, effect.attempt) for effect in effects],
        comments=len((await house.issue(held.number))["comments"]),
        asked=len(await house.asked(result.session)),
    )


async def _let(house: RunningHouse, held: Held) -> None:
    """Let the model of the first run say its next write; the run's worker hears it when it goes on."""
    await house.scenario(_go(held.number), {"match": "nothing says this", "steps": [{"text": "Never played."}]})


async def _noticed(running: Worker, held: Held) -> None:
    """Wait until a worker says that it lost the task's lease."""
    async with asyncio.timeout(30):
        while not any(line["event"] == "lease_lost" for line in _said(running, held)):
            await asyncio.sleep(0.1)


def _said(running: Worker, held: Held) -> list[dict[str, Any]]:
    """Give what a worker logged of the task."""
    lines = [json.loads(line) for line in running.log_file.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("task_id") == str(held.task_id)]


def _ahead(running: Worker, held: Held, known: Known, attempt: int) -> float:
    """Give how far the clock by which a worker logs its claim is ahead of the event of the start that follows."""
    (claimed,) = [line for line in _said(running, held) if line["event"] == "claimed"]
    (started,) = [one.at for one in known.events if one.attempt == attempt and isinstance(one.body, Started)]
    return (datetime.fromisoformat(claimed["timestamp"]) - started).total_seconds()


async def _now(pool: asyncpg.Pool) -> datetime:
    now: datetime = await pool.fetchval("select clock_timestamp()")
    return now


async def _spent(house: RunningHouse, held: Held) -> list[tuple[Any, ...]]:
    async with house.database() as pool:
        rows = await pool.fetch("select to_jsonb(s)::text from gateway.spend s where task_id = $1", held.task_id)
    return sorted(tuple(row) for row in rows)


def _go(number: int) -> str:
    return f"{name(number)}-goes-on"


def _tokens(running: Worker) -> dict[str, str]:
    """Read a run's tokens where its CLI has them: in its environment and in its MCP configuration."""
    for process in psutil.Process(running.pid).children(recursive=True):
        words, environ = process.cmdline(), process.environ()
        if "--mcp-config" in words and "ANTHROPIC_API_KEY" in environ:
            config = Path(f"/proc/{process.pid}/root{words[words.index('--mcp-config') + 1]}")
            server = json.loads(config.read_text())["mcpServers"]["github"]
            task_token = server["headers"]["Authorization"].removeprefix("Bearer ")
            return {"task": task_token, "model": environ["ANTHROPIC_API_KEY"]}
    raise AssertionError(f"{running.name} runs no CLI:\n{running.log()}")


def _off(seconds: float) -> dict[str, Any]:
    """Give what puts a worker's clock off."""
    return {"PYTHONPATH": str(CLOCKS), "CLOCK_SECONDS": str(seconds)}


@pytest.fixture(scope="module")
def takeover(house: RunningHouse) -> Iterator[Takeover]:
    """A worker stopped in the middle of a run, until after another one has ended its task."""
    common: dict[str, Any] = {"pool": POOL, "lease_seconds": LEASE_SECONDS}
    with worker(house, **common, **_off(APART_SECONDS)) as first:
        held: Held = run_apart(_hold(house, first))
        processes = psutil.Process(first.pid).children(recursive=True)
        with first.stopped(), worker(house, **common, **_off(-APART_SECONDS)) as second:
            taken: Known = run_apart(_after(house, held))
            run_apart(_let(house, held))
        run_apart(_noticed(first, held))
        _, alive = psutil.wait_procs(processes, timeout=5)
        yield Takeover(
            held=held,
            taken=taken,
            woken=run_apart(_after(house, held)),
            clocks=[_ahead(first, held, taken, 1), _ahead(second, held, taken, 2)],
            left=[one.name() for one in alive if one.status() != psutil.STATUS_ZOMBIE],
        )


def test_the_task_has_one_end_and_no_doubled_write(takeover: Takeover) -> None:
    """The other worker ends the task in its second attempt; the label is the first's, the one comment the second's."""
    known = takeover.taken
    assert (known.result.status, known.result.attempts, known.result.message) == ("succeeded", 2, "")
    assert known.writes == [("issue_write", "done", 1), ("add_issue_comment", "done", 2)]
    assert known.comments == 1
    assert [event.attempt for event in known.events if event.body.kind == "finished"] == [2]


def test_the_stopped_worker_reports_nothing(takeover: Takeover) -> None:
    """When it goes on, its run ends, and no event, write, request or end is added."""
    assert replace(takeover.woken, at=takeover.taken.at) == takeover.taken
    assert takeover.left == []


async def test_its_tokens_write_nothing_at_the_gateway(house: RunningHouse, takeover: Takeover) -> None:
    """Its task token by raw HTTP: a write is answered 409, also one that the second attempt made already."""
    issue, token = f"/repos/{REPOSITORY}/issues/{takeover.held.number}", takeover.held.tokens["task"]
    comment = {"body": "late"}
    reply = await at_gateway(house, token, "POST", f"{issue}/comments", tool="add_issue_comment", document=comment)
    assert (reply.status, reply.reason) == (409, STALE)
    labels = {"labels": ["bug"]}
    reply = await at_gateway(house, token, "PATCH", issue, tool="issue_write", document=labels)
    assert (reply.status, reply.reason) == (409, STALE)
    assert replace(await _after(house, takeover.held), at=takeover.taken.at) == takeover.taken


async def test_its_tokens_write_nothing_by_the_mcp_server(house: RunningHouse, takeover: Takeover) -> None:
    """Its task token at github-mcp: the tool says that another attempt runs or has ended, and writes nothing."""
    wanted = {"repository": REPOSITORY, "issue": takeover.held.number, "body": "late"}
    reply = await call_tool(house, takeover.held.tokens["task"], "add_issue_comment", wanted)
    assert reply.failed
    assert "does not run any more" in reply.text or "another attempt" in reply.text
    assert replace(await _after(house, takeover.held), at=takeover.taken.at) == takeover.taken


async def test_its_tokens_spend_nothing(house: RunningHouse, takeover: Takeover) -> None:
    """Its model token at model-api: 403, the model is not asked, and the task's spending stays as it was."""
    body = {"model": "claude-sonnet-5-5", "max_tokens": 5, "messages": [{"role": "user", "content": "SCENARIO:text"}]}
    headers = {"x-api-key": takeover.held.tokens["model"], "anthropic-version": "2023-06-01"}
    before = await _spent(house, takeover.held)
    asked = len((await house.model("GET", "/_stand-in/requests")).json())
    reply = await ask(house, "model-api", "POST", "/v1/messages", headers=headers, document=body)
    assert (reply.status, reply.reason) == (403, STALE)
    assert len((await house.model("GET", "/_stand-in/requests")).json()) == asked
    assert await _spent(house, takeover.held) == before


def test_the_workers_clocks_are_minutes_apart(takeover: Takeover) -> None:
    """What this page shows of clocks would be nothing if they were right."""
    ahead, behind = takeover.clocks
    assert ahead > APART_SECONDS / 2
    assert behind < -APART_SECONDS / 2


def test_clocks_apart_change_nothing(takeover: Takeover) -> None:
    """A lease is kept for longer than it lasts, tokens open their gates, the deadline is not over.

    Every event is dated by PostgreSQL's clock, in order over both attempts.
    """
    assert takeover.held.attempt == 1
    dates = [event.at for event in takeover.taken.events]
    assert dates == sorted(dates)
    assert takeover.held.began < dates[0]
    assert dates[-1] < takeover.taken.at
