"""An effect is a row before it is a call, behind the fence, and is settled once."""

import asyncio
from uuid import uuid4

import agent_effects
import asyncpg
import pytest
from agent_contracts import TaskResult
from agent_effects import EffectError, Write, effects_of, settle
from agent_ledger import finish
from fixtures.task_runs import Run


async def rows(run: Run) -> int:
    """Count the task's effects."""
    return int(await run.pool.fetchval("select count(*) from gateway.effects where task_id = $1", run.task))


async def test_the_running_attempt_may_begin(task_run: Run) -> None:
    """The attempt that holds the lease gets its row, in state `sending`."""
    assert await task_run.begin()
    (effect,) = await effects_of(task_run.pool, task_run.task)
    assert (effect.state, effect.attempt, effect.tool) == ("sending", 1, "issue_write")
    assert (effect.target, effect.fields) == ("octocat/hello-world#1", ["labels", "state"])


async def test_a_row_without_fields_wrote_none(task_run: Run) -> None:
    """A request that had no body reads as one that wrote no field."""
    await task_run.begin()
    await task_run.pool.execute("update gateway.effects set request = request - 'fields'")
    (effect,) = await effects_of(task_run.pool, task_run.task)
    assert effect.fields == []


@pytest.mark.parametrize("how", ["next attempt", "lease over", "no such attempt", "final", "no such task"])
async def test_the_fence_refuses_any_other(task_run: Run, how: str) -> None:
    """No row comes from an attempt that does not run: superseded, expired, invented, or of a task that is over."""
    match how:
        case "next attempt":
            await task_run.lose()
        case "lease over":
            await task_run.pool.execute(
                "update ledger.tasks set lease_until = clock_timestamp() where id = $1", task_run.task
            )
        case "final":
            failed = TaskResult(task_id=task_run.task, status="failed", reason="denied")
            assert await finish(task_run.pool, task_run.task, task_run.attempt, failed)
        case "no such task":
            task_run = Run(task_run.pool, uuid4(), 1)
    assert not await task_run.begin(attempt=7 if how == "no such attempt" else task_run.attempt)
    assert await task_run.pool.fetchval("select count(*) from gateway.effects") == 0


@pytest.mark.slow
async def test_no_stale_insert_survives_a_race(task_run: Run) -> None:
    """However inserts and a takeover interleave, no row of the old attempt appears after the takeover is committed."""
    through = refused = 0
    for attempt in range(1, 16):
        started = asyncio.Event()

        async def insert(attempt: int = attempt, started: asyncio.Event = started) -> list[bool]:
            answers = [await task_run.begin(attempt=attempt)]
            started.set()
            return answers + [await task_run.begin(attempt=attempt) for _ in range(5)]

        inserts = [asyncio.create_task(insert()) for _ in range(6)]
        await started.wait()
        await task_run.lose()
        at_takeover = await rows(task_run)
        answers = [answer for task in inserts for answer in await task]
        assert await rows(task_run) == at_takeover
        through += sum(answers)
        refused += len(answers) - sum(answers)
    assert await rows(task_run) == through
    assert through >= 15
    assert refused >= 15


async def test_an_insert_in_a_transaction_holds_the_takeover(task_run: Run) -> None:
    """Until a transaction with an effect ends, the task cannot go to another attempt; then the effect is there."""
    async with task_run.pool.acquire() as connection:
        async with connection.transaction():
            assert await Run(connection, task_run.task, task_run.attempt).begin()  # type: ignore[arg-type]
            takeover = asyncio.create_task(task_run.lose())
            await asyncio.sleep(0.05)
            assert not takeover.done()
        await takeover
    assert await rows(task_run) == 1


async def test_a_caller_without_task_needs_no_fence(pool: asyncpg.Pool) -> None:
    """A service's own write has neither task nor attempt."""
    write = Write(
        id=uuid4(),
        tenant="default",
        caller="github-mcp",
        vendor="github",
        route="comment_create",
        target="octocat/hello-world#1",
        method="POST",
        request={},
    )
    assert (await agent_effects.begin(pool, write)).verdict == "begun"


@pytest.mark.parametrize("state", ["done", "failed", "unknown"])
async def test_settling_tells_what_became_of_it(task_run: Run, state: str) -> None:
    """A settled effect shows its state and address, and stays so when the lease is lost."""
    effect = uuid4()
    await task_run.begin(effect)
    await task_run.lose()
    await settle(task_run.pool, effect, state=state, status=201, url="https://example.org/1", detail="d")  # type: ignore[arg-type]
    (shown,) = await effects_of(task_run.pool, task_run.task)
    assert (shown.id, shown.state, shown.url) == (effect, state, "https://example.org/1")


async def test_settling_twice_changes_nothing(task_run: Run) -> None:
    """The same word again is accepted and changes nothing; another word is refused."""
    effect = uuid4()
    await task_run.begin(effect)
    await settle(task_run.pool, effect, state="done", status=201, url="first")
    await settle(task_run.pool, effect, state="done", status=200, url="second")
    with pytest.raises(EffectError, match="settled as done and cannot become failed"):
        await settle(task_run.pool, effect, state="failed")
    (shown,) = await effects_of(task_run.pool, task_run.task)
    assert (shown.state, shown.url) == ("done", "first")


async def test_concurrent_settling_has_one_winner(task_run: Run) -> None:
    """Of two different outcomes recorded at once exactly one counts, and the other caller gets an error."""
    effect = uuid4()
    await task_run.begin(effect)
    answers = await asyncio.gather(
        *(settle(task_run.pool, effect, state=state) for state in ("done", "failed")), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["EffectError", "NoneType"]


async def test_settling_what_never_began_is_refused(pool: asyncpg.Pool) -> None:
    """An effect that was never begun cannot be settled."""
    with pytest.raises(EffectError, match="there is no effect"):
        await settle(pool, uuid4(), state="done")


@pytest.mark.parametrize(
    "change",
    ["state = 'sending'", "state = 'failed'", "target = 'elsewhere'", "state = 'invented'", "settled_at = null"],
)
async def test_the_database_holds_what_was_settled(task_run: Run, change: str) -> None:
    """What became of an effect is held by constraints, not only by our code."""
    effect = uuid4()
    await task_run.begin(effect)
    await settle(task_run.pool, effect, state="done")
    with pytest.raises(asyncpg.CheckViolationError):
        await task_run.pool.execute(f"update gateway.effects set {change} where id = $1", effect)


async def test_sending_that_grows_old_reads_as_unknown(task_run: Run) -> None:
    """A row whose sender never came back reads `unknown` after two minutes, and can still be settled."""
    effect = uuid4()
    await task_run.begin(effect)
    for seconds, state in ((119, "sending"), (121, "unknown")):
        await task_run.pool.execute(
            "update gateway.effects set sent_at = clock_timestamp() - make_interval(secs => $1)", float(seconds)
        )
        assert [shown.state for shown in await effects_of(task_run.pool, task_run.task)] == [state]
    await settle(task_run.pool, effect, state="done")
    assert [shown.state for shown in await effects_of(task_run.pool, task_run.task)] == ["done"]


async def test_effects_come_in_order_over_all_attempts(task_run: Run) -> None:
    """A new attempt sees what the earlier ones wrote, oldest first, and nothing of other tasks."""
    await task_run.begin(tool="issue_write")
    await task_run.lose()
    await task_run.begin(attempt=2, tool="add_issue_comment")
    shown = await effects_of(task_run.pool, task_run.task)
    assert [(effect.attempt, effect.tool) for effect in shown] == [(1, "issue_write"), (2, "add_issue_comment")]
    assert await effects_of(task_run.pool, uuid4()) == []
