"""Event streams go on when the database was away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from agent_contracts import TaskResult
from agent_contracts.event import Text
from agent_ledger import append_events, claim, finish
from agent_stores import outage
from fixtures.absent import close_database, open_database
from fixtures.control import Control

TASK = {"skill": "issue-triage", "input": {"repository": "octocat/hello-world", "issue": 1}}


async def submitted(control: Control) -> str:
    """Submit a task and give the path of its events."""
    reply = await control.http.request("POST", "/v1/tasks", json=TASK, headers=control.headers)
    return reply.headers["location"] + "/events"


async def lines_of(chunks: AsyncIterator[bytes], until: str) -> str:
    """Read a stream until some text has come, or to its end."""
    said = ""
    async for chunk in chunks:
        said += chunk.decode()
        if until in said:
            break
    return said


@pytest.mark.slow
async def test_stream_goes_on_when_the_database_is_back(control: Control, database_url: str) -> None:
    """Comments say that the database is away and back; no event comes twice, and the result comes last."""
    events = await submitted(control)
    async with control.http.stream("GET", events, headers=control.headers, timeout=30) as reply:
        assert "event: queued" in await lines_of(reply.chunks, "event: queued")
        await close_database(database_url)
        away = await lines_of(reply.chunks, "\n\n")
        assert away == ": the database does not answer, and is asked again\n\n"
        await open_database(database_url)
        assert await lines_of(reply.chunks, "\n\n") == ": the database answers again\n\n"
        pool = control.pool
        taken = await claim(
            pool, worker="w", lease_seconds=30, pools=["default"], engines=["claude"], skills={"issue-triage": "v1"}
        )
        assert taken is not None
        await append_events(pool, taken.id, taken.attempt, [(1, datetime.now(UTC), Text(text="hello"))])
        await finish(pool, taken.id, taken.attempt, TaskResult(task_id=taken.id, status="succeeded", attempts=1))
        rest = await lines_of(reply.chunks, "event: result")
    kinds = [line.removeprefix("event: ") for line in rest.splitlines() if line.startswith("event:")]
    assert kinds == ["text", "finished", "result"]


@pytest.mark.slow
async def test_a_lost_connection_that_listens_is_counted_and_made_again(control: Control, database_url: str) -> None:
    """Streams go on by looking; the loop that listens counts its failure and is well again once it listens."""

    async def metric(sample: str) -> bool:
        return sample in (await control.http.request("GET", "/metrics")).text

    assert await metric('background_failures_total{loop="notifications"} 0.0')
    await close_database(database_url)
    await open_database(database_url)
    async with asyncio.timeout(20):
        while await metric('background_failures_total{loop="notifications"} 0.0'):
            await asyncio.sleep(0.1)
        while not await metric('background_up{loop="notifications"} 1.0'):
            await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_stream_ends_where_the_database_stays_away(
    control: Control, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while the stream ends, and says how to go on."""
    monkeypatch.setattr(outage, "PATIENCE_SECONDS", 0.0)
    async with control.http.stream("GET", await submitted(control), headers=control.headers, timeout=30) as reply:
        await lines_of(reply.chunks, "event: queued")
        await close_database(database_url)
        said = await lines_of(reply.chunks, "no such text")
    assert said.endswith(": the database has not answered for too long: come again with Last-Event-ID\n\n")
