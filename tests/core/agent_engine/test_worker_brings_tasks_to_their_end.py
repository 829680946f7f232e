"""The worker: every claimed task comes to one end, and the end says why."""

import asyncio
import json
from typing import Any

import agent_ledger
import pytest
from agent_contracts import TaskEvent, TaskState
from agent_contracts.event import RetryEvent
from agent_engine.event_publisher import EXPIRE_SECONDS, stream_key
from agent_engine.spec import RunSpec
from core.agent_engine.script import answer, api_error, call, fail, init, ref_of, remember, speak
from core.agent_engine.worker_place import DOOR, KEY, Place
from fixtures.ports import free_ports
from fixtures.serving import alive, serving
from service_kit.keys import read_private, read_public, rotate, write_keys


def succeed(spec: RunSpec) -> list[str]:
    """Answer at once."""
    return [init(spec), speak("hello"), answer()]


def look(spec: RunSpec) -> list[str]:
    """Read, and claim what was read."""
    return [init(spec), *call(spec, KEY, "issue_read"), answer([ref_of(spec, KEY, "issue_read")])]


async def test_entry_of_the_inbox_comes_back_as_a_result(place: Place) -> None:
    """One XADD is a whole task: the result comes back on agent:results with the entry's id."""
    async with place.working(look):
        task = {"skill": "look", "input": {"repository": "octocat/hello-world"}}
        entry = await place.redis.xadd("agent:tasks", {"task": json.dumps(task)})
        async with asyncio.timeout(60):
            while not (replies := await place.redis.xrange("agent:results")):
                await asyncio.sleep(0.02)
    fields: dict[Any, Any] = replies[0][1] or {}
    assert fields[b"entry"] == entry
    result = json.loads(fields[b"result"])
    assert result["status"] == "succeeded"
    assert result["claims"][0]["refs"]
    assert result["usage"]["tool_calls"] == 1


async def test_an_idle_worker_is_known_until_it_stops(place: Place) -> None:
    """A worker says what it can take before it has taken anything, and takes it back when it stops."""
    async with place.working(look), asyncio.timeout(60):
        while not (known := await agent_ledger.workers(place.pool)) or len(known[0].skills) < 2:
            await asyncio.sleep(0.02)
    (one,) = known
    assert (one.name, set(one.skills), one.slots) == ("w1", {"look", "plain"}, place.settings().worker_slots)
    assert await agent_ledger.workers(place.pool) == []


@pytest.mark.slow
async def test_a_task_waits_until_its_servers_have_answered(place: Place) -> None:
    """A worker leaves tasks in the queue whose server has not answered since it started, and takes all others."""
    (port,) = free_ports(1)
    async with place.working(look, GITHUB_MCP_URL=f"http://127.0.0.1:{port}"):
        waiting = await place.submit("look")
        assert (await place.result(await place.submit("plain"))).reason == "evidence"
        view = await agent_ledger.get_task(place.pool, waiting)
        assert view is not None
        assert (view.state, view.attempt) == (TaskState.queued, 0)
        (worker,) = await agent_ledger.workers(place.pool)
        assert set(worker.skills) == {"plain"}
        async with serving(alive(), port):
            assert (await place.result(waiting)).status == "succeeded"


@pytest.mark.slow
async def test_nothing_is_claimed_with_a_key_that_is_not_public(place: Place) -> None:
    """While all that a run would be given is refused, tasks wait; once a public key signs, they run."""
    private, public = place.folder / "key.json", place.folder / "jwks.json"
    old, seen = private.read_text(), list[bool]()
    write_keys(private, public)
    private.write_text(old)

    def noted(spec: RunSpec) -> list[str]:
        seen.append(read_private(private)["kid"] in read_public(public))
        return look(spec)

    async with place.working(noted, AGENT_JWKS_FILE=public):
        task = await place.submit("look")
        await asyncio.sleep(0.5)
        rotate(private, public)
        result = await place.result(task)
    assert (result.status, seen) == ("succeeded", [True])


async def test_input_that_does_not_fit_its_skill_makes_no_task(place: Place) -> None:
    """The schemas of the skills that a worker carries hold at the inbox: what does not fit is rejected by its field."""
    async with place.working(look) as driver:
        task = {"skill": "look", "input": {"repository": "octocat/hello-world", "issue": "one"}}
        await place.redis.xadd("agent:tasks", {"task": json.dumps(task)})
        async with asyncio.timeout(60):
            while not (rejected := await place.redis.xrange("agent:rejected")):
                await asyncio.sleep(0.02)
    fields: dict[Any, Any] = rejected[0][1] or {}
    assert (fields[b"reason"], json.loads(fields[b"original:task"])) == (b"input", task)
    assert b'issue: "one" is not of type "integer"' in fields[b"message"]
    assert (await agent_ledger.list_tasks(place.pool), driver.ran) == ([], [])


async def test_events_are_in_the_ledger_and_live(place: Place) -> None:
    """Ledger and live stream tell the same events in the same order, and the stream expires."""
    async with place.working(look):
        task_id = await place.submit("look")
        await place.result(task_id)
    kept = [event for event in await place.events(task_id) if event.attempt == 1]
    assert [event.body.kind for event in kept] == ["started", "tool_call", "tool_result", "finished"]
    key = stream_key("default", task_id)
    entries: list[Any] = await place.redis.xrange(key) or []
    live = [TaskEvent.model_validate_json(fields[b"event"]) for _, fields in entries]
    assert [(event.seq, event.body) for event in live] == [(event.seq, event.body) for event in kept]
    assert 0 < await place.redis.ttl(key) <= EXPIRE_SECONDS


async def test_transcript_and_session_are_kept(place: Place) -> None:
    """A run's transcript and its CLI's session are kept with the task."""
    async with place.working(lambda spec: [init(spec), remember("one"), speak("hello"), answer()]):
        task_id = await place.submit("plain")
        result = await place.result(task_id)
    transcript = await agent_ledger.get_transcript(place.pool, task_id)
    assert transcript is not None
    assert b"hello" in transcript
    session = await agent_ledger.last_session(place.pool, task_id)
    assert session is not None
    assert session.session_id == result.session


async def test_any_text_of_an_agent_is_kept(place: Place) -> None:
    """NUL characters and broken surrogates in what an agent says hold nothing up."""
    async with place.working(lambda spec: [init(spec), speak("nul \0 and \ud800 half"), answer()]):
        task_id = await place.submit("plain")
        assert (await place.result(task_id)).status == "succeeded"
    entries = await place.redis.xrange(stream_key("default", task_id)) or []
    assert len(entries) == 3


async def test_retryable_failure_is_resumed(place: Place) -> None:
    """After a retryable failure the next attempt resumes the session, and earlier refs still prove claims."""
    first: list[str] = []

    def flaky(spec: RunSpec) -> list[str]:
        if spec.attempt == 1:
            first.append(ref_of(spec, KEY, "issue_read"))
            return [init(spec), *call(spec, KEY, "issue_read"), remember("one"), *api_error(529)]
        return [init(spec), answer(first)]

    async with place.working(flaky) as driver:
        task_id = await place.submit("look")
        result = await place.result(task_id)
    assert (result.status, result.attempts) == ("succeeded", 2)
    assert result.claims[0].refs == first
    again = driver.ran[1]
    assert again.resume is not None
    assert b"one" in again.resume
    assert again.session_id == driver.ran[0].session_id
    assert "cut off" in again.prompt
    kinds = [(event.attempt, event.body.kind) for event in await place.events(task_id)]
    assert (1, "retry") in kinds


async def test_a_session_without_tools_is_not_resumed(place: Place) -> None:
    """Where a server was down the agent was told that it has no such tool: the next attempt begins anew."""

    def down(spec: RunSpec) -> list[str]:
        if spec.attempt == 1:
            return [init(spec, "failed"), remember("No such tool available"), answer()]
        return look(spec)

    async with place.working(down) as driver:
        result = await place.result(await place.submit("look"))
    assert (result.status, result.attempts, result.message) == ("succeeded", 2, "")
    first, second = driver.ran
    assert second.resume is None
    assert second.session_id != first.session_id


async def test_a_server_lost_on_the_way_is_attempted_again(place: Place) -> None:
    """A run that lost its server and has no answer is followed by one that begins anew; the retry names the server."""

    def restarted(spec: RunSpec) -> list[str]:
        if spec.attempt == 1:
            return [init(spec), *fail("Invalid request parameters"), remember("no"), answer(structured_output=None)]
        return look(spec)

    async with place.working(restarted) as driver:
        task_id = await place.submit("look")
        result = await place.result(task_id)
    assert (result.status, result.attempts, driver.ran[1].resume) == ("succeeded", 2, None)
    (retry,) = [event.body for event in await place.events(task_id) if isinstance(event.body, RetryEvent)]
    assert retry.reason == "mcp_down"
    assert "MCP server lost during the run: github" in retry.message


@pytest.mark.parametrize(("status", "reason"), [(401, "auth"), (402, "budget")])
async def test_what_will_not_pass_is_not_attempted_again(place: Place, status: int, reason: str) -> None:
    """An end that no other attempt can mend ends the task, however many attempts it has."""
    async with place.working(lambda spec: [init(spec), *api_error(status)]):
        task_id = await place.submit("plain", retry={"max_attempts": 2})
        result = await place.result(task_id)
    assert (result.status, result.reason, result.attempts) == ("failed", reason, 1)


@pytest.mark.parametrize(
    ("skill", "given", "door", "reason"),
    [
        ("look", {"repository": "octocat/*"}, DOOR, "invalid"),
        ("look", {"repository": "evil/x"}, DOOR, "denied"),
        ("look", None, DOOR.model_copy(update={"vendors": {}}), "denied"),
    ],
)
async def test_what_may_not_run_is_not_run(place: Place, skill: str, given: Any, door: Any, reason: str) -> None:
    """A task whose grant comes to nothing ends before any run, with the reason."""
    async with place.working(succeed) as driver:
        result = await place.result(await place.submit(skill, given, door=door))
    assert (result.status, result.reason) == ("failed", reason)
    assert driver.ran == []


@pytest.mark.slow
async def test_own_fault_is_a_crash_and_no_lost_task(place: Place) -> None:
    """An error in our own code ends the attempt as crashed; the worker goes on."""

    def wrong(spec: RunSpec) -> list[str]:
        raise LookupError("a fault of ours")

    async with place.working(wrong):
        task_id = await place.submit("plain", retry={"max_attempts": 2})
        result = await place.result(task_id)
    assert (result.reason, result.attempts) == ("crashed", 2)
    assert "a fault of ours" in result.message


@pytest.mark.slow
async def test_deadline_ends_a_run(place: Place) -> None:
    """A run is stopped at its task's deadline, with that reason."""
    now = await place.pool.fetchval("select clock_timestamp() + interval '2 seconds'")
    async with place.working(lambda spec: [init(spec), "sleep 60"]):
        result = await place.result(await place.submit("plain", deadline=now))
    assert (result.status, result.reason) == ("failed", "deadline")


async def test_budget_of_door_and_task_bound_the_run(place: Place) -> None:
    """Turns and wall clock of a run are the tightest of skill, door and task."""
    async with place.working(succeed) as driver:
        await place.result(await place.submit("plain", budget={"turns": 3, "wall_seconds": 30}))
    assert driver.ran[0].max_turns == 3
    assert driver.ran[0].wall_seconds == 30


@pytest.mark.slow
async def test_state_is_final(place: Place) -> None:
    """A task that ended is final in the ledger, and its slot is free."""
    async with place.working(succeed):
        task_id = await place.submit("plain", concurrency_key="k")
        again = await place.submit("plain", concurrency_key="k")
        await place.result(task_id)
        await place.result(again)
    view = await agent_ledger.get_task(place.pool, task_id)
    assert view is not None
    assert view.state is TaskState.succeeded
    assert (await agent_ledger.overview(place.pool)).slots == 0
