"""What an attempt may write while it is live, and that it may write nothing after."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from agent_contracts import Retry
from agent_contracts.event import Finished, Text
from agent_ledger import (
    CancelOutcome,
    append_events,
    cancel,
    claim,
    events,
    finish,
    get_result,
    get_task,
    heartbeat,
    requeue,
    save_artifact,
    save_session,
    save_transcript,
)
from agent_ledger.leases import MOST_ATTEMPTS
from core.ledger.house import done, expire, given, take, taken

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_heartbeat_extends_a_live_lease_only(pool: asyncpg.Pool) -> None:
    """A heartbeat keeps a lease that is not over; one that is over never comes back."""
    await given(pool)
    claimed = await taken(pool)
    assert (await heartbeat(pool, claimed.id, 1, 60)).live
    assert not (await heartbeat(pool, claimed.id, 2, 60)).live
    await expire(pool, claimed.id)
    assert not (await heartbeat(pool, claimed.id, 1, 60)).live


@pytest.mark.slow
async def test_healthy_long_task_runs_once(pool: asyncpg.Pool) -> None:
    """A task that takes longer than its lease, and whose holder beats, is given to nobody else."""
    await given(pool)
    claimed = await taken(pool, lease_seconds=1)
    for _ in range(7):
        await asyncio.sleep(0.2)
        assert (await heartbeat(pool, claimed.id, 1, 1)).live
        assert await take(pool, "w2") is None
    assert await finish(pool, claimed.id, 1, done(claimed.id))


async def test_a_lost_lease_writes_nothing(pool: asyncpg.Pool) -> None:
    """After its lease is over an attempt can write no event, session, transcript, artifact, requeue or result."""
    await given(pool)
    claimed = await taken(pool)
    await expire(pool, claimed.id)

    async def all_refused() -> None:
        assert not await append_events(pool, claimed.id, 1, [(1, NOW, Text(text="late"))])
        assert not await save_session(pool, claimed.id, 1, "s", b"x")
        assert not await save_transcript(pool, claimed.id, 1, b"x")
        assert await save_artifact(pool, claimed.id, 1, "a", b"x") is None
        assert not await requeue(pool, claimed.id, 1, reason="rate", message="", after_seconds=0)
        assert not await finish(pool, claimed.id, 1, done(claimed.id))
        assert not await pool.fetchval("select ledger.live($1, 1)", claimed.id)

    await all_refused()
    assert (await taken(pool, "w2")).attempt == 2
    await all_refused()
    assert await pool.fetchval("select ledger.live($1, 2)", claimed.id)
    assert await pool.fetchval("select count(*) from ledger.blobs") == 0


async def test_live_holds_the_attempt_while_its_statement_lasts(pool: asyncpg.Pool) -> None:
    """What was inserted under `ledger.live` is committed before the attempt can be taken over."""
    await given(pool)
    claimed = await taken(pool)
    async with pool.acquire() as writer, writer.transaction():
        assert await writer.fetchval("select ledger.live($1, 1)", claimed.id)
        taking_over = asyncio.create_task(expire(pool, claimed.id))
        await asyncio.sleep(0.1)
        assert not taking_over.done()
    await taking_over
    assert not await pool.fetchval("select ledger.live($1, 1)", claimed.id)


async def test_events_are_kept_once_and_in_order(pool: asyncpg.Pool) -> None:
    """A batch may be sent again; events are read in order from any place, a NUL in them is replaced."""
    await given(pool)
    claimed = await taken(pool)
    batch = [(n, NOW, Text(text=f"{n}\x00")) for n in (1, 2, 3)]
    assert await append_events(pool, claimed.id, 1, batch[:2])
    assert await append_events(pool, claimed.id, 1, batch)
    assert [event.sse_id for event in await events(pool, claimed.id)] == ["0-1", "1-1", "1-2", "1-3"]
    rest = await events(pool, claimed.id, after=(1, 1), limit=1)
    assert [event.body for event in rest] == [Text(text="2\ufffd")]


async def test_finish_is_exactly_once_under_race(pool: asyncpg.Pool) -> None:
    """Of ten that finish one attempt at once, one succeeds; there is one result, one outbox row, one event."""
    await given(pool, reply_to={"stream": "ci"})
    claimed = await taken(pool)
    said = await asyncio.gather(*(finish(pool, claimed.id, 1, done(claimed.id, output=n)) for n in range(10)))
    assert sorted(said) == [False] * 9 + [True]
    result = await get_result(pool, claimed.id)
    assert result is not None
    assert said[result.output]
    assert await pool.fetchval("select count(*) from ledger.outbox") == 1
    assert [event.body.kind for event in await events(pool, claimed.id)] == ["queued", "finished"]


@pytest.mark.slow
async def test_finish_and_sweep_race_to_one_end(pool: asyncpg.Pool) -> None:
    """When a lease ends while its holder finishes, the task has one result and the loser changed nothing."""
    for _ in range(12):
        await given(pool, retry=Retry(max_attempts=1))
        claimed = await taken(pool, lease_seconds=0.02)

        async def finish_late(task_id: UUID = claimed.id) -> bool:
            await asyncio.sleep(0.015)
            return await finish(pool, task_id, 1, done(task_id))

        async def sweep_early() -> None:
            for _ in range(4):
                await asyncio.sleep(0.008)
                assert await take(pool, "w2") is None

        finished, _ = await asyncio.gather(finish_late(), sweep_early())
        result = await get_result(pool, claimed.id)
        assert result is not None
        assert (result.status == "succeeded") == finished


async def test_own_finished_event_is_not_doubled(pool: asyncpg.Pool) -> None:
    """A worker that wrote its own `finished` event gets no second one from the ledger."""
    await given(pool)
    claimed = await taken(pool)
    await append_events(pool, claimed.id, 1, [(1, NOW, Finished(status="succeeded"))])
    assert await finish(pool, claimed.id, 1, done(claimed.id, output="\x00\ud800"))
    assert [event.body.kind for event in await events(pool, claimed.id)] == ["queued", "finished"]


async def test_requeue_waits_and_counts(pool: asyncpg.Pool) -> None:
    """A requeued task is claimed after its pause, and no more often than its attempts allow."""
    await given(pool, retry=Retry(max_attempts=2))
    claimed = await taken(pool)
    assert await requeue(pool, claimed.id, 1, reason="rate", message="429", after_seconds=0.3)
    assert await take(pool) is None
    await asyncio.sleep(0.35)
    assert (await taken(pool)).attempt == 2
    assert not await requeue(pool, claimed.id, 2, reason="rate", message="429", after_seconds=0)
    assert (await heartbeat(pool, claimed.id, 2, 30)).live


async def test_a_hand_back_that_does_not_count_uses_up_no_attempt(pool: asyncpg.Pool) -> None:
    """A task whose workers stop again and again keeps its attempts, up to a bound; what counts is counted as ever."""
    await given(pool, retry=Retry(max_attempts=2))
    for number in range(1, 5):
        claimed = await taken(pool)
        assert (claimed.attempt, claimed.max_attempts) == (number, number + 1)
        assert await requeue(
            pool, claimed.id, number, reason="crashed", message="stopped", after_seconds=0, counts=False
        )
    assert await requeue(pool, (await taken(pool)).id, 5, reason="rate", message="", after_seconds=0)
    assert not await requeue(pool, (await taken(pool)).id, 6, reason="rate", message="", after_seconds=0)
    await pool.execute("update ledger.tasks set max_attempts = $1, attempt = $1", MOST_ATTEMPTS)
    stopped = {"reason": "crashed", "message": "stopped", "after_seconds": 0, "counts": False}
    assert not await requeue(pool, claimed.id, MOST_ATTEMPTS, **stopped)  # type: ignore[arg-type]
    assert (await heartbeat(pool, claimed.id, MOST_ATTEMPTS, 30)).live


async def test_cancel_of_queued_is_at_once(pool: asyncpg.Pool) -> None:
    """A queued task is cancelled at once with a result; only its tenant may; a final one stays as it is."""
    name = await given(pool)
    assert await cancel(pool, name, tenant="other", by="eve") is CancelOutcome.not_found
    assert await cancel(pool, name, tenant="default", by="ann") is CancelOutcome.cancelled
    assert await cancel(pool, name, tenant="default", by="ann") is CancelOutcome.already_final
    result = await get_result(pool, name)
    assert result is not None
    assert (result.status, result.reason, result.message) == ("cancelled", "cancelled", "cancelled by ann")


async def test_cancel_of_running_tells_the_holder(pool: asyncpg.Pool) -> None:
    """A running task is flagged: its holder hears it by notification and by its next heartbeat."""
    await given(pool)
    claimed = await taken(pool)
    heard: asyncio.Queue[str] = asyncio.Queue()

    def hear(*said: object) -> None:
        heard.put_nowait(str(said[3]))

    async with pool.acquire() as connection:
        await connection.add_listener("ledger_cancel", hear)
        assert await cancel(pool, claimed.id, tenant="default", by="ann") is CancelOutcome.requested
        assert await asyncio.wait_for(heard.get(), 5) == str(claimed.id)
        await connection.remove_listener("ledger_cancel", hear)
    beat = await heartbeat(pool, claimed.id, 1, 30)
    assert (beat.live, beat.cancel) == (True, True)


@pytest.mark.parametrize("how", ["lease over", "requeued"])
async def test_cancel_outlives_the_holder(pool: asyncpg.Pool, how: str) -> None:
    """A cancelled task whose holder died or handed it back is ended by the next claim, not run again."""
    await given(pool)
    claimed = await taken(pool)
    await cancel(pool, claimed.id, tenant="default", by="ann")
    if how == "requeued":
        assert await requeue(pool, claimed.id, 1, reason="rate", message="", after_seconds=0)
    else:
        await expire(pool, claimed.id)
    assert await take(pool, "w2") is None
    view = await get_task(pool, claimed.id)
    assert view is not None
    assert (view.state, view.reason, view.cancelled_by) == ("cancelled", "cancelled", "ann")


async def test_claim_inside_a_callers_transaction(pool: asyncpg.Pool) -> None:
    """A claim that is rolled back never happened."""
    await given(pool)
    async with pool.acquire() as connection:
        outer = connection.transaction()
        await outer.start()
        got = await claim(
            connection, worker="w", lease_seconds=9, pools=["default"], engines=["claude"], skills={"triage": "v1"}
        )
        assert got is not None
        await outer.rollback()
    assert (await taken(pool)).attempt == 1
