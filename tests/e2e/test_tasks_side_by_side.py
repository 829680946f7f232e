"""Two workers at once: a long task, tasks that exclude each other, one that is cancelled, one that is sent often."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest
from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import Started
from agent_stores.pool import open_redis
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart
from fixtures.triage import ANSWER, READ, REPOSITORY, script, task

LEASE_SECONDS = 3.0
POOL = "side-by-side"


@dataclass(frozen=True)
class Ended:
    """A task that has ended."""

    task_id: UUID
    number: int
    result: TaskResult
    events: list[TaskEvent]

    def at(self, kind: str) -> list[datetime]:
        """Give when events of a kind were."""
        return [event.at for event in self.events if event.body.kind == kind]


@dataclass(frozen=True)
class Cancelled:
    """A cancelled task, how long its end took, and its processes before and at the end."""

    ended: Ended
    seconds: float
    before: list[str]
    after: list[str]


@dataclass(frozen=True)
class Day:
    """What two workers did."""

    long: Ended
    same_key: list[Ended]
    cancelled: Cancelled
    sent: Ended
    entries: list[str]


class Course:
    """The tasks of the day."""

    def __init__(self, house: RunningHouse) -> None:
        self._house = house

    async def run(self) -> Day:
        """Do all of it side by side."""
        parts = (self._long(), self._same_key(), self._cancelled(), self._sent())
        long, same_key, cancelled, (sent, entries) = await asyncio.gather(*parts)
        return Day(long, same_key, cancelled, sent, entries)

    async def _begun(self, changes: dict[int, dict[str, Any]], tasks: int = 1) -> tuple[int, list[UUID]]:
        number = await self._house.open_issue()
        await self._house.scenario(f"triage-{number}", script(number, changes))
        return number, [await self._house.submit(**task(number, pool=POOL)) for _ in range(tasks)]

    async def _ended(self, task_id: UUID, number: int) -> Ended:
        result = await self._house.result(task_id)
        return Ended(task_id, number, result, await self._house.events(task_id))

    async def _long(self) -> Ended:
        number, (task_id,) = await self._begun({ANSWER: {"delay": LEASE_SECONDS + 0.5}})
        return await self._ended(task_id, number)

    async def _same_key(self) -> list[Ended]:
        number, tasks = await self._begun({READ: {"delay": 0.7}}, tasks=2)
        return [await self._ended(task_id, number) for task_id in tasks]

    async def _cancelled(self) -> Cancelled:
        number, (task_id,) = await self._begun({READ: {"hang": True}})
        started = (await self._house.until(task_id, "started")).body
        assert isinstance(started, Started)
        while not await self._house.asked(started.session):
            await asyncio.sleep(0.1)
        before, began = _processes(str(started.session)), time.monotonic()
        reply = await self._house.control("POST", f"/v1/tasks/{task_id}/cancel")
        assert reply.status == 202, reply.text
        ended = await self._ended(task_id, number)
        return Cancelled(ended, time.monotonic() - began, before, _processes(str(started.session)))

    async def _sent(self) -> tuple[Ended, list[str]]:
        number, identifier = await self._house.open_issue(), uuid4()
        fields: Any = {"task": json.dumps(task(number, pool=POOL, id=str(identifier)))}
        redis = open_redis(self._house.urls["REDIS_URL"])
        try:
            entries: list[Any] = [await redis.xadd("agent:tasks", fields) for _ in range(5)]
        finally:
            await redis.aclose()
        await self._house.known(identifier)
        return await self._ended(identifier, number), [entry.decode() for entry in entries]


def _processes(session: str) -> list[str]:
    """Name the processes on whose command line a CLI session's id stands."""
    found = psutil.process_iter(["name", "cmdline", "status"])
    return [one.info["name"] for one in found if session in " ".join(one.info["cmdline"] or ())]


@pytest.fixture(scope="module")
def day(house: RunningHouse) -> Iterator[Day]:
    """The day's tasks, ended, under two workers with a short lease."""
    with (
        worker(house, pool=POOL, lease_seconds=LEASE_SECONDS, transport="http", slots=3),
        worker(house, pool=POOL, lease_seconds=LEASE_SECONDS, transport="sse", slots=3),
    ):
        done: Day = run_apart(Course(house).run())
        yield done


def test_a_healthy_task_longer_than_its_lease_runs_once(day: Day) -> None:
    """A run that outlasts its lease keeps it: one attempt, one start, though another worker had room."""
    assert (day.long.result.status, day.long.result.attempts) == ("succeeded", 1)
    (started,), (finished,) = day.long.at("started"), day.long.at("finished")
    assert (finished - started).total_seconds() > LEASE_SECONDS


def test_tasks_of_one_key_never_overlap_and_none_is_stuck(day: Day) -> None:
    """Two tasks of one issue both end, and the second starts only after the first has finished."""
    assert [(one.result.status, one.result.attempts) for one in day.same_key] == [("succeeded", 1)] * 2
    first, second = sorted(day.same_key, key=lambda one: one.at("started"))
    assert first.at("finished")[0] < second.at("started")[0]


async def test_cancel_ends_the_cli_and_leaves_no_process(house: RunningHouse, day: Day) -> None:
    """A cancelled run, here one whose model hangs, is over within 10 s, with its CLI gone and nothing written."""
    cancelled = day.cancelled
    assert (cancelled.ended.result.status, cancelled.ended.result.reason) == ("cancelled", "cancelled")
    assert cancelled.seconds < 10
    assert cancelled.before
    assert cancelled.after == []
    assert (await house.issue(cancelled.ended.number))["comments"] == []


async def test_one_id_sent_five_times_is_one_task(house: RunningHouse, day: Day) -> None:
    """Five equal entries under one id are one row, one run and one comment, and each entry is told the result."""
    assert (day.sent.result.status, day.sent.result.attempts) == ("succeeded", 1)
    assert len(day.sent.at("queued")) == len(day.sent.at("started")) == 1
    assert len((await house.issue(day.sent.number))["comments"]) == 1
    assert len(set(day.entries)) == 5
    for entry in day.entries:
        (fields,) = await house.stream("agent:results", entry=entry, stream="agent:tasks")
        assert (fields["task_id"], fields["status"]) == (str(day.sent.task_id), "succeeded")
    assert REPOSITORY in {one.target.partition("#")[0] for one in day.sent.result.effects}
