"""What is kept of runs, how full the ledger is, and what goes when it is old."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import asyncpg
from agent_contracts import TaskState
from agent_ledger import (
    finish,
    forget_session,
    get_blob,
    get_result,
    get_task,
    get_transcript,
    list_tasks,
    overview,
    prune,
    requeue,
    save_artifact,
    save_session,
    save_transcript,
)
from agent_ledger.blobs import put_blob
from core.ledger.house import DOOR, done, given, taken


async def test_blobs_are_kept_once_and_by_tenant(pool: asyncpg.Pool) -> None:
    """Equal bytes are one compressed row a tenant, and no other tenant finds them."""
    text = b"the same line\n" * 10_000
    first, second = await asyncio.gather(put_blob(pool, "a", text), put_blob(pool, "a", text))
    assert first == second
    assert await get_blob(pool, "a", first) == text
    assert await get_blob(pool, "b", first) is None
    assert await pool.fetchval("select sum(length(data)) from ledger.blobs") < len(text) / 50


async def test_last_session_comes_with_the_next_claim(pool: asyncpg.Pool) -> None:
    """The next attempt is given the session as it was saved last; states that it replaced are gone."""
    await given(pool)
    claimed = await taken(pool)
    assert claimed.session is None
    for state in (b"one", b"two", b"three"):
        assert await save_session(pool, claimed.id, 1, "s-1", state)
    await requeue(pool, claimed.id, 1, reason="overloaded", message="529", after_seconds=0)
    again = await taken(pool)
    assert again.session is not None
    assert (again.session.session_id, again.session.attempt) == ("s-1", 1)
    assert await get_blob(pool, "default", again.session.sha256) == b"three"
    assert await pool.fetchval("select count(*) from ledger.blobs") == 1


async def test_a_forgotten_session_leaves_the_one_before(pool: asyncpg.Pool) -> None:
    """An attempt drops its own session alone, while it is live; the next claim gets the last that is left."""
    await given(pool)
    claimed = await taken(pool)
    for attempt, state in ((1, b"one"), (2, b"two")):
        assert await save_session(pool, claimed.id, attempt, "s-1", state)
        if attempt == 2:
            assert not await forget_session(pool, claimed.id, 1)
            assert await forget_session(pool, claimed.id, 2)
        await requeue(pool, claimed.id, attempt, reason="mcp_down", message="", after_seconds=0)
        again = await taken(pool)
    assert again.session is not None
    assert again.session.attempt == 1
    assert await pool.fetchval("select count(*) from ledger.blobs") == 1


async def test_transcripts_by_attempt(pool: asyncpg.Pool) -> None:
    """Each attempt has its transcript; without an attempt it is the last one's."""
    await given(pool)
    claimed = await taken(pool)
    assert await save_transcript(pool, claimed.id, 1, b"first")
    await requeue(pool, claimed.id, 1, reason="server", message="", after_seconds=0)
    await taken(pool)
    assert await save_transcript(pool, claimed.id, 2, b"second")
    assert await get_transcript(pool, claimed.id) == b"second"
    assert await get_transcript(pool, claimed.id, attempt=1) == b"first"


async def test_prune_takes_what_is_old_and_settled(pool: asyncpg.Pool) -> None:
    """Old final tasks go with all that hangs on them; running ones, young ones and unsent results stay."""
    names = [await given(pool) for _ in range(2)] + [await given(pool, reply_to={"stream": "ci"})]
    for _ in names:
        claimed = await taken(pool)
        await save_artifact(pool, claimed.id, 1, "log", os.urandom(64))
        await finish(pool, claimed.id, 1, done(claimed.id))
    running = await given(pool)
    await taken(pool)
    await save_transcript(pool, running, 1, b"kept")
    assert (await prune(pool, timedelta(days=30))).tasks == 0
    counts = await prune(pool, timedelta(0))
    assert (counts.tasks, counts.blobs) == (2, 2)
    assert {view.id for view in await list_tasks(pool)} == {names[2], running}
    assert await get_transcript(pool, running) == b"kept"
    assert await get_result(pool, names[0]) is None


async def test_overview_counts_what_waits(pool: asyncpg.Pool) -> None:
    """The overview counts by pool and state, with the age of what is due longest; final tasks are not in it."""
    await given(pool, concurrency_key="k")
    await taken(pool)
    await given(pool, pool="gpu")
    await given(pool, pool="gpu", not_before=datetime.now(UTC) + timedelta(hours=1))
    await pool.execute("update ledger.tasks set not_before = now() - interval '90 s' where not_before < now()")
    seen = await overview(pool)
    counts = {(one.pool, one.state): one for one in seen.pools}
    assert set(counts) == {("default", "running"), ("gpu", "queued")}
    assert (counts["gpu", "queued"].tasks, counts["gpu", "queued"].due) == (2, 1)
    assert 90 <= counts["gpu", "queued"].oldest_due_seconds < 120
    assert (seen.slots, seen.outbox_waiting, seen.outbox_failed) == (1, 0, 0)


async def test_lists_are_the_tenants_and_page(pool: asyncpg.Pool) -> None:
    """A list is newest first, of one tenant, and goes on where the page before ended."""
    names = [await given(pool) for _ in range(5)]
    foreign = await given(pool, DOOR.model_copy(update={"tenant": "other"}))
    page = await list_tasks(pool, tenant="default", limit=2)
    rest = await list_tasks(pool, tenant="default", before=page[-1].id)
    assert [view.id for view in page + rest] == names[::-1]
    assert await get_task(pool, foreign, "default") is None
    assert await list_tasks(pool, states=[TaskState.running]) == []
    assert len(await list_tasks(pool, skill="triage")) == 6
