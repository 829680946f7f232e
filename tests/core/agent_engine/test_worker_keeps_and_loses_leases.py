"""Leases: kept while a run lasts, and a worker that lost one kills its run and writes nothing more."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import agent_ledger
import pytest
from agent_contracts import Retry, TaskState
from agent_engine.spec import RunSpec
from core.agent_engine.script import answer, api_error, init, speak
from core.agent_engine.worker_place import Place
from fixtures.absent import close_database


def wait_first(spec: RunSpec) -> list[str]:
    """Wait in the first attempt, answer in every later one."""
    if spec.attempt == 1:
        return [init(spec), speak("I wait"), "sleep 60", answer()]
    return [init(spec), answer()]


@pytest.mark.slow
async def test_healthy_task_longer_than_its_lease_runs_once(place: Place) -> None:
    """A run that takes longer than its lease is beaten for and runs once."""
    async with place.working(lambda spec: [init(spec), "sleep 2.5", answer()], WORKER_LEASE_SECONDS=1) as driver:
        result = await place.result(await place.submit("plain"))
    assert (result.status, result.attempts) == ("succeeded", 1)
    assert len(driver.ran) == 1


@pytest.mark.slow
async def test_lost_lease_ends_the_run_unwritten(place: Place) -> None:
    """A run whose lease was lost is killed, its attempt writes no end, and the next attempt does the task."""
    async with place.working(wait_first, WORKER_LEASE_SECONDS=2):
        task_id = await place.submit("plain")
        await place.until(task_id, "text")
        await place.pool.execute("update ledger.tasks set lease_until = clock_timestamp() - interval '1 second'")
        result = await place.result(task_id)
    assert (result.status, result.attempts) == ("succeeded", 2)
    kinds = [event.body.kind for event in await place.events(task_id) if event.attempt == 1]
    assert kinds == ["started", "text", "retry"]


@pytest.mark.slow
async def test_cancel_ends_the_run(place: Place) -> None:
    """A cancelled task's run ends at once, told by NOTIFY, and leaves no process."""
    async with place.working(wait_first, WORKER_LEASE_SECONDS=60):
        task_id = await place.submit("plain")
        await place.until(task_id, "text")
        began = time.monotonic()
        await agent_ledger.cancel(place.pool, task_id, tenant=None, by="a test")
        result = await place.result(task_id)
    assert result.status == "cancelled"
    assert time.monotonic() - began < 40


async def test_cancel_is_heard_without_notify(place: Place) -> None:
    """Where no notification came, the next heartbeat tells of the cancelling."""
    async with place.working(wait_first, WORKER_LEASE_SECONDS=2):
        task_id = await place.submit("plain")
        await place.until(task_id, "text")
        await place.pool.execute("update ledger.tasks set cancel_requested_at = clock_timestamp(), cancelled_by = 'x'")
        assert (await place.result(task_id)).status == "cancelled"


@pytest.mark.slow
async def test_stopping_worker_lets_runs_end(place: Place) -> None:
    """A worker that is stopped takes no more tasks and lets its runs end within the grace."""
    async with place.working(lambda spec: [init(spec), speak("begun"), "sleep 1", answer()], WORKER_SLOTS=1):
        task_id = await place.submit("plain")
        await place.until(task_id, "text")
        later = await place.submit("plain")
    assert (await place.result(task_id, 0.1)).status == "succeeded"
    view = await agent_ledger.get_task(place.pool, later)
    assert view is not None
    assert view.state is TaskState.queued


async def test_stopping_worker_hands_back_after_the_grace(place: Place) -> None:
    """A run that outlasts the grace is handed back at once, its attempt not counted, and another's attempt ends it."""
    async with place.working(wait_first, WORKER_GRACE_SECONDS=0):
        task_id = await place.submit("plain", retry=Retry(max_attempts=1))
        await place.until(task_id, "text")
    view = await agent_ledger.get_task(place.pool, task_id)
    assert view is not None
    assert (view.state, view.attempt, view.max_attempts) == (TaskState.queued, 1, 2)
    async with place.working(wait_first):
        assert (await place.result(task_id)).status == "succeeded"


@pytest.mark.slow
async def test_slots_bound_runs_side_by_side(place: Place) -> None:
    """No more runs are under way than there are slots."""
    async with place.working(lambda spec: [init(spec), "sleep 0.4", answer()], WORKER_SLOTS=2):
        tasks = [await place.submit("plain") for _ in range(5)]
        most = 0
        while not all([await agent_ledger.get_result(place.pool, task) for task in tasks]):
            running = await place.pool.fetchval("select count(*) from ledger.tasks where state = 'running'")
            most = max(most, running)
            await asyncio.sleep(0.02)
    assert most == 2


@pytest.mark.slow
@pytest.mark.timeout(40)
async def test_ledger_that_was_away_is_waited_for(place: Place) -> None:
    """A worker whose connections to the ledger are cut goes on when the ledger is back."""
    async with place.working(lambda spec: [init(spec), speak("begun"), "sleep 1", answer()]):
        first = await place.submit("plain")
        await place.until(first, "text")
        await place.pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert (await place.result(first)).status == "succeeded"
        assert (await place.result(await place.submit("plain"))).status == "succeeded"


async def test_ledger_that_is_away_at_the_verdict_costs_no_run(place: Place) -> None:
    """A run that succeeded while its effects could not be read is judged once they can be, and its words are kept."""
    async with place.working(lambda spec: [init(spec), speak("begun"), answer()]) as driver:
        async with without_effects(place):
            task_id = await place.submit("plain", retry=Retry(max_attempts=1))
            async with asyncio.timeout(60):
                while not driver.ran or await is_there(driver.ran[0].folder):
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.5)
        assert (await place.result(task_id)).status == "succeeded"
    transcript = await agent_ledger.get_transcript(place.pool, task_id)
    assert transcript is not None
    assert b"begun" in transcript


@pytest.mark.slow
async def test_ledger_that_is_away_before_a_run_costs_no_attempt(place: Place) -> None:
    """An attempt whose brief cannot be read waits for the ledger."""

    def flaky(spec: RunSpec) -> list[str]:
        return [init(spec), answer()] if spec.attempt == 2 else [init(spec), *api_error(529)]

    async with place.working(flaky, WORKER_RETRY_SECONDS=1):
        task_id = await place.submit("plain", retry=Retry(max_attempts=2))
        await place.until(task_id, "retry")
        async with without_effects(place):
            async with asyncio.timeout(60):
                while (view := await agent_ledger.get_task(place.pool, task_id)) is None or view.attempt == 1:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.5)
        result = await place.result(task_id)
    assert (result.status, result.attempts) == ("succeeded", 2)


@pytest.mark.slow
@pytest.mark.timeout(60)
async def test_stopped_worker_ends_while_the_ledger_is_away(place: Place) -> None:
    """A worker that is stopped while nothing can be handed back ends with its lease."""
    async with asyncio.timeout(30):
        async with place.working(wait_first, WORKER_LEASE_SECONDS=2, WORKER_GRACE_SECONDS=0):
            task_id = await place.submit("plain")
            await place.until(task_id, "text")
            await close_database(place.database_url)


@asynccontextmanager
async def without_effects(place: Place) -> AsyncIterator[None]:
    """Let no effects be read while the block runs."""
    await place.pool.execute("alter table gateway.effects rename to away")
    try:
        yield
    finally:
        await place.pool.execute("alter table gateway.away rename to effects")


async def is_there(folder: Path) -> bool:
    """Say whether a run's folder is there: it is removed with the run's end."""
    return await asyncio.to_thread(folder.exists)
