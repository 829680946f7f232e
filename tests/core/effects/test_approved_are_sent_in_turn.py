"""Which approved proposals a gateway is given: the tenants' in turn, one of a target at a time, when they are due."""

import hashlib
from uuid import UUID, uuid4

import agent_effects
import pytest
from agent_effects import Stored, abandon, approved, claim, decide, defer, proposal
from agent_effects.sending import FIRST_SECONDS, LONGEST_SECONDS, MOST_SECONDS
from asyncpg import Pool
from fixtures.task_runs import Run

SHOWN = "POST /x\n"
HASH = hashlib.sha256(SHOWN.encode()).hexdigest()


async def approve(run: Run, *, tenant: str = "default", target: str | None = None) -> UUID:
    """Store a proposal of no task, and approve it."""
    key = str(uuid4())
    stored = Stored({"body": {}}, SHOWN, HASH, None, 60)
    write = run.write(
        proposal=stored, key=key, fingerprint=key, task=None, attempt=None, tenant=tenant, target=target or key
    )
    assert (await agent_effects.begin(run.pool, write)).verdict == "begun"
    await decide(run.pool, write.id, approve=True, by="person:ada", reason="fine", sha256=HASH)
    return write.id


async def until_next(pool: Pool, id_: UUID) -> float:
    """Say in how many seconds it is tried again."""
    seconds: float = await pool.fetchval(
        "select extract(epoch from try_at - clock_timestamp())::float8 from gateway.proposals where effect_id = $1", id_
    )
    return seconds


async def test_a_tenant_with_many_holds_up_no_other(task_run: Run) -> None:
    """The tenants take turns, each with its oldest, and none has more under way than its part."""
    many = [await approve(task_run, tenant="acme") for _ in range(6)]
    one = await approve(task_run)
    assert [found.id for found in await approved(task_run.pool, "github", most=2)] == [many[0], one]
    assert {found.id for found in await approved(task_run.pool, "github", each=2)} == {*many[:2], one}
    assert [found.id for found in await approved(task_run.pool, "github", but=many[:2], each=2)] == [one]


async def test_of_a_target_there_is_one_at_a_time(task_run: Run) -> None:
    """The second comes when the first is out of the way."""
    first, second = [await approve(task_run, target="octocat/x#1") for _ in range(2)]
    assert [found.id for found in await approved(task_run.pool, "github")] == [first]
    assert await approved(task_run.pool, "github", but=[first]) == []
    assert await claim(task_run.pool, first) == 1
    assert await claim(task_run.pool, first) is None
    assert [found.id for found in await approved(task_run.pool, "github")] == [second]


async def test_what_cannot_be_sent_is_tried_at_growing_distances(task_run: Run) -> None:
    """It is not due before; the distance doubles up to a bound, or is what was asked for; it is shown."""
    id_ = await approve(task_run)
    assert await defer(task_run.pool, id_, delay="upstream_open: wait") is None
    assert await approved(task_run.pool, "github") == []
    distances = [await until_next(task_run.pool, id_)]
    for _ in range(9):
        assert await defer(task_run.pool, id_, delay="rate: too many") is not None
        distances.append(await until_next(task_run.pool, id_))
    wanted = [min(FIRST_SECONDS * 2**number, LONGEST_SECONDS) for number in range(10)]
    assert distances == pytest.approx(wanted, rel=0, abs=FIRST_SECONDS / 2)
    for asked, kept in ((0.0, 1.0), (90.0, 90.0), (1e9, MOST_SECONDS)):
        await defer(task_run.pool, id_, delay="rate: too many", seconds=asked)
        assert await until_next(task_run.pool, id_) == pytest.approx(kept, rel=0, abs=FIRST_SECONDS / 2)
    found = await proposal(task_run.pool, id_)
    assert (found.tries, found.delay) == (13, "rate: too many")
    await task_run.pool.execute("update gateway.proposals set try_at = clock_timestamp()")
    assert [due.id for due in await approved(task_run.pool, "github")] == [id_]


async def test_only_what_waited_long_enough_is_given_up(task_run: Run) -> None:
    """A day counts from the approval."""
    id_ = await approve(task_run)
    assert not await abandon(task_run.pool, id_, detail="late", waited=60)
    await task_run.pool.execute("update gateway.proposals set decided_at = decided_at - interval '61 seconds'")
    assert await abandon(task_run.pool, id_, detail="late", waited=60)
    found = await proposal(task_run.pool, id_)
    assert (found.state, found.detail) == ("failed", "late")


async def test_a_new_decision_begins_anew(task_run: Run) -> None:
    """What is held has not been tried any more."""
    id_ = await approve(task_run)
    await defer(task_run.pool, id_, delay="rate: too many")
    assert await agent_effects.reopen(task_run.pool, id_, shown="y", sha256="y", base="b", held="changed")
    found = await proposal(task_run.pool, id_)
    assert (found.tries, found.try_at, found.delay) == (0, None, None)
