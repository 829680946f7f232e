"""A worker that is killed under load: another one takes its tasks up where they were, and nothing happens twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import agent_effects
import psutil
import pytest
from agent_contracts import TaskEvent, TaskResult, task_id_for
from agent_contracts.event import Started, ToolCall
from agent_stores.pool import open_redis
from fixtures.house import RunningHouse, Worker, worker
from fixtures.stores import run_apart
from fixtures.triage import ANSWER, COMMENT, LABEL, OPEN, READ, TOOL_CALLS, script, task
from redis.asyncio import Redis

LEASE_SECONDS = 3.0
POOL = "crash"
STAGES = (READ, OPEN, COMMENT, ANSWER)
"""Where the runs are when their worker is killed: at the beginning, after reading, between the writes, after both."""
SLOW = {"fault": "delay", "seconds": 20}
"""What holds a call up for longer than the worker lives on."""
LOST = "[Tool call interrupted"
"""What a resumed CLI tells the model of a call that was under way."""
WRITES = {LABEL: "issue_write", COMMENT: "add_issue_comment"}


@dataclass(frozen=True)
class Survivor:
    """A task whose worker was killed at a stage of its run: while the model thought, or in the stage's first call."""

    stage: int
    number: int
    task_id: UUID
    in_call: bool
    result: TaskResult
    events: list[TaskEvent]

    def started(self, attempt: int) -> tuple[Started, datetime]:
        """Give an attempt's start, which there is once."""
        ((body, at),) = [
            (event.body, event.at)
            for event in self.events
            if event.attempt == attempt and isinstance(event.body, Started)
        ]
        return body, at

    def calls(self, attempt: int) -> list[str]:
        """Give the tools that an attempt asked for."""
        bodies = [event.body for event in self.events if event.attempt == attempt]
        return [body.tool for body in bodies if isinstance(body, ToolCall) and body.server == "github"]


@dataclass(frozen=True)
class Sent:
    """A task that came by one XADD, and how many entries were not acknowledged when its row was there."""

    number: int
    task_id: UUID
    pending: int


@dataclass(frozen=True)
class Crash:
    """What came of it."""

    at: datetime
    survivors: list[Survivor]
    sent: Sent
    sent_result: TaskResult
    clis: int
    left: list[str]


async def _crash(house: RunningHouse, first: Worker, second: Worker) -> Crash:
    with second.stopped():
        tasks = []
        for stage in STAGES:
            number = await house.open_issue()
            await house.scenario(f"triage-{number}", script(number, {stage: {"hang": True}}))
            tasks.append((stage, number, await house.submit(**task(number, pool=POOL)), False))
        async with house.database() as pool:
            await asyncio.gather(*(_in_the_middle(house, pool, stage, task_id) for stage, _, task_id, _ in tasks))
            tasks.append(await _in_a_call(house, pool))
        for _, number, _, _ in tasks:
            await house.scenario(f"triage-{number}", script(number, {}))
        processes = psutil.Process(first.pid).children(recursive=True)
        clis = sum(one.cmdline()[:1] == ["claude"] for one in processes)
        async with _inbox(house) as redis, _without_xack(redis):
            sent, entry = await _sent(house, redis)
            at = datetime.now(UTC)
            first.kill()
            await redis.xclaim("agent:tasks", "agent-engine", "the killed one", 0, [entry], idle=20_000)
    _, alive = psutil.wait_procs(processes, timeout=2)
    left = [one.name() for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    results = await asyncio.gather(*(house.result(one[2]) for one in tasks))
    survivors = [Survivor(*one, result, await house.events(one[2])) for one, result in zip(tasks, results, strict=True)]
    return Crash(at, survivors, sent, await house.result(sent.task_id), clis, left)


async def _in_the_middle(house: RunningHouse, pool: Any, stage: int, task_id: UUID) -> None:
    """Wait until a task's run hangs at its stage: all that it did before is in a checkpoint of its session."""
    await house.until(task_id, "started")
    await house.until_kept(pool, task_id, TOOL_CALLS[stage])


async def _in_a_call(house: RunningHouse, pool: Any) -> tuple[int, int, UUID, bool]:
    """Start a task, and wait until one of the two calls of its first step is answered; the other takes its time."""
    number = await house.open_issue()
    await house.scenario(f"triage-{number}", script(number, {}))
    fault = {**SLOW, "match": {"method": "GET", "path_regex": f"/issues/{number}$"}}
    assert (await house.github("POST", "/_stand-in/faults", json=fault)).ok
    task_id = await house.submit(**task(number, pool=POOL))
    await house.until_kept(pool, task_id, 1)
    return READ, number, task_id, True


@asynccontextmanager
async def _inbox(house: RunningHouse) -> AsyncIterator[Redis]:
    redis = open_redis(house.urls["REDIS_URL"])
    try:
        yield redis
    finally:
        await redis.aclose()


@asynccontextmanager
async def _without_xack(redis: Redis) -> AsyncIterator[None]:
    """Stop every drain after its commit: XACK is refused."""
    await redis.acl_setuser("default", enabled=True, commands=["-xack"])
    try:
        yield
    finally:
        await redis.acl_setuser("default", enabled=True, commands=["+xack"])


async def _sent(house: RunningHouse, redis: Redis) -> tuple[Sent, bytes]:
    """Send a task by XADD and wait until its row is committed."""
    number = await house.open_issue()
    entry: Any = await redis.xadd("agent:tasks", {"task": json.dumps(task(number, pool=POOL))})
    task_id = task_id_for("default", "agent:tasks", entry.decode())
    await house.known(task_id)
    pending = (await redis.xpending("agent:tasks", "agent-engine"))["pending"]
    return Sent(number, task_id, pending), entry


@pytest.fixture(scope="module")
def crash(house: RunningHouse) -> Iterator[Crash]:
    """One worker killed with five runs in the middle and a task waiting, beside one that has room."""
    with (
        worker(house, pool=POOL, lease_seconds=LEASE_SECONDS, slots=len(STAGES) + 1) as first,
        worker(house, pool=POOL, lease_seconds=LEASE_SECONDS, slots=len(STAGES) + 2) as second,
    ):
        made: Crash = run_apart(_crash(house, first, second))
        yield made


def test_nothing_is_lost(crash: Crash) -> None:
    """Every task of the killed worker succeeds in its second attempt, and the one that waited in its first."""
    ends = [(one.result.status, one.result.attempts, one.result.message) for one in crash.survivors]
    assert ends == [("succeeded", 2, "")] * (len(STAGES) + 1)
    assert (crash.sent_result.status, crash.sent_result.attempts) == ("succeeded", 1)


def test_the_tasks_are_restarted_elsewhere_in_time(crash: Crash) -> None:
    """Each task starts again on the other worker within its lease + 2 s of the kill."""
    for one in crash.survivors:
        (first, _), (second, at) = one.started(1), one.started(2)
        assert first.worker != second.worker
        assert (at - crash.at).total_seconds() < LEASE_SECONDS + 2


async def test_runs_go_on_from_where_they_were(house: RunningHouse, crash: Crash) -> None:
    """The second attempt resumes the CLI's session: the model sees what the first one did, and asks for the rest."""
    for one in crash.survivors:
        (first, _), (second, _) = one.started(1), one.started(2)
        if one.stage == READ and not one.in_call:
            assert second.session != first.session
            continue
        assert second.session == first.session
        assert len(one.calls(2)) == TOOL_CALLS[ANSWER] - TOOL_CALLS[one.stage]
        resumed = [request for request in await house.asked(second.session) if _at(request) > crash.at]
        shown = json.dumps(resumed[0]["body"]["messages"])
        assert shown.count('"type": "tool_result"') == (2 if one.in_call else TOOL_CALLS[one.stage])
        assert shown.count(LOST) == one.in_call


async def test_nothing_is_written_twice(house: RunningHouse, crash: Crash) -> None:
    """Each issue has its label and one comment; each write is one row, of the attempt that made it."""
    for one in crash.survivors:
        issue = await house.issue(one.number)
        assert issue["labels"]
        assert len(issue["comments"]) == 1
        async with house.database() as pool:
            effects = await agent_effects.effects_of(pool, one.task_id)
        expected = [(tool, "done", 1 if step < one.stage else 2) for step, tool in WRITES.items()]
        assert [(effect.tool, effect.state, effect.attempt) for effect in effects] == expected


def test_no_process_of_the_killed_worker_is_left(crash: Crash) -> None:
    """The CLIs of a killed worker end with it, and each run that had called a tool had one: all but that at READ."""
    assert crash.clis >= len(STAGES)
    assert crash.left == []


async def test_a_drain_killed_before_xack_makes_no_second_row(house: RunningHouse, crash: Crash) -> None:
    """An entry whose task was committed by a worker that died before XACK is found by the next, and is one task."""
    sent = crash.sent
    assert sent.pending == 1
    async with _inbox(house) as redis, asyncio.timeout(10):
        while (await redis.xpending("agent:tasks", "agent-engine"))["pending"]:
            await asyncio.sleep(0.1)
    async with house.database() as pool:
        rows = await pool.fetch("select id from ledger.tasks where body->'input'->>'issue' = $1", str(sent.number))
    assert [row["id"] for row in rows] == [sent.task_id]
    assert len((await house.issue(sent.number))["comments"]) == 1


def _at(request: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(request["at"])
