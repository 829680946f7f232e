"""Whatever happens in whatever order, a task keeps the rules."""

import asyncio

import asyncpg
import pytest
from agent_contracts import Retry
from agent_ledger import cancel, events, finish, get_result, get_task, heartbeat, list_tasks, requeue
from core.ledger import house
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STEPS = ("claim", "beat", "requeue", "shutdown", "finish", "fail", "expire", "cancel", "stale finish", "stale requeue")


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), max_size=14), attempts=st.integers(1, 3))
def test_any_history_keeps_the_rules(database_url: str, steps: list[str], attempts: int) -> None:
    """Attempts only grow and never past their bound, an end is for ever, a slot is held exactly while running."""
    asyncio.run(_live(database_url, steps, attempts))


async def _live(database_url: str, steps: list[str], attempts: int) -> None:
    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=2)
    try:
        await pool.execute("truncate ledger.tasks cascade")
        name = await house.given(pool, concurrency_key="k", retry=Retry(max_attempts=attempts))
        ended = None
        attempt = 0
        for step in steps:
            if step == "claim":
                claimed = await house.take(pool)
                assert claimed is None or claimed.attempt == attempt + 1 <= attempts
            elif step == "beat":
                await heartbeat(pool, name, attempt, 30)
            elif step == "requeue":
                await requeue(pool, name, attempt, reason="rate", message="", after_seconds=0)
            elif step == "shutdown":
                stopped = await requeue(
                    pool, name, attempt, reason="crashed", message="", after_seconds=0, counts=False
                )
                attempts += stopped
            elif step == "expire":
                await pool.execute(
                    "update ledger.tasks set lease_until = clock_timestamp() where id = $1 and state = 'running'", name
                )
            elif step == "cancel":
                await cancel(pool, name, tenant="default", by="test")
            elif step == "stale finish":
                assert not await finish(pool, name, attempt - 1, house.done(name))
            elif step == "stale requeue":
                assert not await requeue(pool, name, attempt - 1, reason="rate", message="", after_seconds=0)
            else:
                status = "succeeded" if step == "finish" else "failed"
                await finish(pool, name, attempt, house.done(name, status=status))
            view = await get_task(pool, name)
            result = await get_result(pool, name)
            assert view is not None
            assert attempt <= view.attempt <= attempts
            attempt = view.attempt
            assert view.state.final == (result is not None)
            assert ended in (None, result)
            ended = result
            assert await pool.fetchval("select count(*) from ledger.slots") == (view.state == "running")
        kinds = [event.body.kind for event in await events(pool, name)]
        assert kinds.count("finished") == (ended is not None)
        assert len(await list_tasks(pool)) == 1
    finally:
        await pool.close()
