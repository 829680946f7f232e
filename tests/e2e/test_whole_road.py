"""The whole road: a task comes in by each door, the real CLI triages over each transport, a proven answer comes out."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import agent_effects
import pytest
from agent_contracts import TaskResult, task_id_for
from agent_contracts.event import Started, ToolResult
from agent_stores.pool import open_redis
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart
from house.paths import command

REPOSITORY = "octocat/hello-world"
DOORS = ("webhook", "xadd", "http", "command-line")
BODY = "It stops with an error:\n\n    KeyError: 'greeting'\n\nSince version 1.4.2, with an empty config file."


@dataclass(frozen=True)
class Journey:
    """One task that came in by a door and has ended."""

    transport: str
    door: str
    number: int
    task_id: UUID
    entry: str | None = None


class Road:
    """The ways in, for one transport."""

    def __init__(self, house: RunningHouse, transport: str) -> None:
        self._house = house
        self._transport = transport

    async def travel(self) -> dict[str, Journey]:
        """Send one task through each door, all side by side, and wait for their ends."""
        ways = (self._webhook, self._xadd, self._http, self._command_line)
        journeys = await asyncio.gather(*(way() for way in ways))
        await asyncio.gather(*(self._house.result(journey.task_id) for journey in journeys))
        return {journey.door: journey for journey in journeys}

    async def _opened(self, door: str, *, triage: bool = False) -> int:
        return await self._house.open_issue(f"Crash by {door} over {self._transport}", body=BODY, triage=triage)

    def _journey(self, door: str, number: int, task_id: str | UUID, entry: str | None = None) -> Journey:
        return Journey(self._transport, door, number, UUID(str(task_id)), entry)

    async def _webhook(self) -> Journey:
        number = await self._opened("webhook", triage=True)
        listed = (await self._house.github("GET", "/_stand-in/deliveries?settled=true")).json()
        (delivery,) = (one for one in listed if one["event"] == "issues" and one["issue"] == number)
        assert delivery["status"] == 202, delivery
        return self._journey("webhook", number, json.loads(delivery["reply"])["tasks"][0]["id"])

    async def _xadd(self) -> Journey:
        number = await self._opened("xadd")
        redis = open_redis(self._house.urls["REDIS_URL"])
        try:
            entry: Any = await redis.xadd("agent:tasks", {"task": json.dumps(_task(number))})
        finally:
            await redis.aclose()
        task_id = task_id_for("default", "agent:tasks", entry.decode())
        await self._house.known(task_id)
        return self._journey("xadd", number, task_id, entry.decode())

    async def _http(self) -> Journey:
        number = await self._opened("http")
        task_id = await self._house.submit(**_task(number), reply_to={"stream": f"road-{self._transport}"})
        return self._journey("http", number, task_id)

    async def _command_line(self) -> Journey:
        number = await self._opened("command-line")
        argv = [command("agent-engine"), "enqueue", "issue-triage", "--json"]
        argv += ["--input", f"repository={REPOSITORY}", "--input", f"issue={number}"]
        env = self._house.engine_env()
        done = await asyncio.to_thread(subprocess.run, argv, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return self._journey("command-line", number, json.loads(done.stdout)["id"])


def _task(number: int) -> dict[str, Any]:
    return {"skill": "issue-triage", "input": {"repository": REPOSITORY, "issue": number}}


@pytest.fixture(scope="module", params=["sse", "http"])
def road(house: RunningHouse, request: pytest.FixtureRequest) -> Iterator[dict[str, Journey]]:
    """All doors' tasks over one transport, ended."""
    with worker(house, transport=request.param, slots=4):
        travelled: dict[str, Journey] = run_apart(Road(house, request.param).travel())
        yield travelled


@pytest.fixture(params=DOORS)
def journey(road: dict[str, Journey], request: pytest.FixtureRequest) -> Journey:
    """One door's task."""
    return road[request.param]


async def test_the_answer_is_proven(house: RunningHouse, journey: Journey) -> None:
    """The verdict is succeeded, and each claim rests on refs of this task's successful calls."""
    result = await house.result(journey.task_id)

    assert (result.status, result.reason, result.attempts) == ("succeeded", None, 1), result.message
    bodies = [event.body for event in await house.events(journey.task_id)]
    given = {body.ref for body in bodies if isinstance(body, ToolResult) and body.ok and body.ref}
    assert len(result.claims) == 5
    for claim in result.claims:
        assert claim.refs
        assert given.issuperset(claim.refs)


async def test_the_work_is_really_done(house: RunningHouse, journey: Journey) -> None:
    """The label and the one comment are at GitHub, by our account."""
    issue = await house.issue(journey.number)

    assert issue["labels"] == ["bug"]
    (comment,) = issue["comments"]
    assert comment["user"] == "agent-bot"
    assert comment["body"].startswith("Labelled bug, by what the issue says.")


async def test_writes_are_rows(house: RunningHouse, journey: Journey) -> None:
    """Both writes are effects of the task, done, in the gateway's table and in the result alike."""
    result = await house.result(journey.task_id)

    async with house.database() as pool:
        effects = await agent_effects.effects_of(pool, journey.task_id)
    assert result.effects == effects
    assert [(one.tool, one.state, one.attempt) for one in effects] == [
        ("issue_write", "done", 1),
        ("add_issue_comment", "done", 1),
    ]
    assert {one.target for one in effects} == {f"{REPOSITORY}#{journey.number}"}


async def test_the_cost_is_what_model_api_metered(house: RunningHouse, journey: Journey) -> None:
    """The result's cost and usage are model-api's, and it let through exactly the requests that reached the model."""
    result = await house.result(journey.task_id)

    async with house.database() as pool:
        spend = await agent_effects.spent(pool, journey.task_id)
    assert result.cost_usd == spend.usd > 0
    asked = await house.asked(result.session)
    assert result.usage.requests == spend.requests == len(asked) > 3


async def test_the_run_went_the_way_it_was_told(house: RunningHouse, journey: Journey) -> None:
    """The run was confined and spoke over the chosen transport; the row says through which door it came."""
    (started,) = [one.body for one in await house.events(journey.task_id) if isinstance(one.body, Started)]

    assert started.servers == {"github": f"{journey.transport} {house.paths.url('github-mcp')}"}
    assert started.confinement.startswith("bubblewrap")
    doors = {"webhook": "webhook:github", "xadd": "stream:agent:tasks", "http": "http:local", "command-line": "cli"}
    assert (await house.view(journey.task_id))["door"] == doors[journey.door]


async def test_the_result_comes_back_by_its_entry(house: RunningHouse, road: dict[str, Journey]) -> None:
    """Whoever sent a task with one XADD finds its result on agent:results by the entry's id."""
    journey = road["xadd"]
    (fields,) = await house.stream("agent:results", entry=journey.entry, stream="agent:tasks")

    assert (fields["task_id"], fields["status"]) == (str(journey.task_id), "succeeded")
    assert TaskResult.model_validate_json(fields["result"]) == await house.result(journey.task_id)


async def test_the_result_comes_back_by_reply_to(house: RunningHouse, road: dict[str, Journey]) -> None:
    """A task with `reply_to` sends its result to the tenant's own stream of that name."""
    journey = road["http"]
    (fields,) = await house.stream(f"agent:results:default:road-{journey.transport}")

    assert TaskResult.model_validate_json(fields["result"]) == await house.result(journey.task_id)


async def test_events_are_followed_and_taken_up_again(house: RunningHouse, road: dict[str, Journey]) -> None:
    """The event stream is the ledger's events in order and ends with the result; Last-Event-ID takes it up anywhere."""
    journey = road["http"]
    kept = await house.events(journey.task_id)

    whole = await _streamed(house, journey.task_id)
    assert [one["id"] for one in whole[:-1]] == [event.sse_id for event in kept]
    assert [one["event"] for one in whole] == [*(event.body.kind for event in kept), "result"]
    assert whole[0]["event"] == "queued"
    assert whole[-2]["event"] == "finished"
    assert json.loads(whole[-1]["data"])["status"] == "succeeded"
    middle = len(kept) // 2
    assert await _streamed(house, journey.task_id, after=kept[middle].sse_id) == whole[middle + 1 :]


async def _streamed(house: RunningHouse, task_id: UUID, after: str = "") -> list[dict[str, str]]:
    headers = {"last-event-id": after} if after else {}
    reply = await house.control("GET", f"/v1/tasks/{task_id}/events", headers=headers)
    assert reply.status == 200
    blocks = [block for block in reply.text.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
