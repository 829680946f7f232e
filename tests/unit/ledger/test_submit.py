"""Submitting: one row for one request, under the bounds of its door."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from agent_contracts import Actor, Budget, Retry, uuid7
from agent_ledger import (
    ConflictingTask,
    InvalidTask,
    SkillRow,
    cancel,
    events,
    get_task,
    list_skills,
    register_skills,
    retry,
    submit,
)
from agent_ledger.errors import Fault
from service_kit.access import Door
from unit.ledger.house import DOOR, SKILL, given, taken, task


async def test_same_id_and_request_is_one_task(pool: asyncpg.Pool) -> None:
    """The same id and request give the same task, whatever the order of keys and the door's origin."""
    name = uuid7()
    await given(pool, id=name, input={"a": 1, "b": None})
    again = await submit(pool, task(id=name, input={"b": None, "a": 1}), door=DOOR)
    assert (again.id, again.created) == (name, False)
    assert await pool.fetchval("select count(*) from ledger.tasks") == 1


async def test_same_id_other_request_conflicts(pool: asyncpg.Pool) -> None:
    """The same id with another request is refused, and so is another tenant's id."""
    name = await given(pool)
    with pytest.raises(ConflictingTask):
        await submit(pool, task(id=name, input="else"), door=DOOR)
    with pytest.raises(ConflictingTask):
        await submit(pool, task(id=name), door=DOOR.model_copy(update={"tenant": "other"}))


async def test_a_repeat_is_answered_after_its_deadline_and_skill(pool: asyncpg.Pool) -> None:
    """A request that was accepted once is the same task later, even where it would now be refused."""
    deadline = datetime.now(UTC) + timedelta(seconds=1)
    name = uuid7()
    await given(pool, id=name, deadline=deadline)
    await pool.execute("delete from ledger.skills")
    await asyncio.sleep(1)
    assert (await submit(pool, task(id=name, deadline=deadline), door=DOOR)).created is False


async def test_live_dedupe_key_gives_the_holder(pool: asyncpg.Pool) -> None:
    """A dedupe key gives the task that holds it while that is not final, and only within its tenant."""
    first = await given(pool, dedupe_key="k")
    assert (await submit(pool, task(dedupe_key="k", input="other"), door=DOOR)).id == first
    elsewhere = await submit(pool, task(dedupe_key="k"), door=DOOR.model_copy(update={"tenant": "other"}))
    assert elsewhere.created
    await cancel(pool, first, tenant="default", by="test")
    assert (await submit(pool, task(dedupe_key="k"), door=DOOR)).created


async def test_parallel_submits_make_one_row(pool: asyncpg.Pool) -> None:
    """Ten submits at once, of one id and of one dedupe key, make one row each."""
    await register_skills(pool, [SKILL])
    name = uuid7()
    same_id = await asyncio.gather(*(submit(pool, task(id=name), door=DOOR) for _ in range(10)))
    same_key = await asyncio.gather(*(submit(pool, task(dedupe_key="k"), door=DOOR) for _ in range(10)))
    assert sum(one.created for one in same_id) == sum(one.created for one in same_key) == 1
    assert len({one.id for one in same_key}) == 1


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"skill": "unheard-of"}, "skill"),
        ({"deadline": datetime(2020, 1, 1, tzinfo=UTC)}, "deadline"),
        ({"labels": {"a": "\x00"}}, "nul"),
        ({"resources": {"jira": {"projects": ["X"]}}}, "door"),
        ({"resources": {"github": {"repositories": ["evil/repo"]}}}, "door"),
    ],
)
async def test_what_the_house_does_not_take(pool: asyncpg.Pool, fields: dict[str, Any], fault: Fault) -> None:
    """A task that nobody could run is refused with its fault, and makes no row."""
    with pytest.raises(InvalidTask) as refused:
        await given(pool, **fields)
    assert refused.value.fault == fault
    assert await pool.fetchval("select count(*) from ledger.tasks") == 0


async def test_door_lists_its_skills(pool: asyncpg.Pool) -> None:
    """A door takes only the skills that it lists."""
    with pytest.raises(InvalidTask, match="not open at"):
        await given(pool, DOOR.model_copy(update={"skills": ["another"]}))


async def test_row_carries_door_and_narrowed_bounds(pool: asyncpg.Pool) -> None:
    """Tenant, actor, bounds and budget come from the door; the task's own only narrow them."""
    door = Door(
        name="http:ci",
        tenant="acme",
        skills=["triage"],
        vendors=DOOR.vendors,
        budget=Budget(usd="2", tokens=100),
        actor=Actor(kind="service", id="ci"),
    )
    name = await given(
        pool,
        door,
        tenant="stolen",
        actor=Actor(kind="person", id="eve"),
        budget=Budget(usd="0.5", tokens=500),
        resources={"github": {"repositories": ["octocat/hello-world", "evil/repo"]}},
        retry=Retry(max_attempts=9),
    )
    claimed = await taken(pool)
    assert claimed.id == name
    assert (claimed.task.tenant, claimed.task.actor) == ("acme", Actor(kind="service", id="ci"))
    assert claimed.vendors["github"].resources == {"repositories": ["octocat/hello-world"]}
    assert (str(claimed.budget.usd), claimed.budget.tokens) == ("0.5", 100)
    assert (claimed.max_attempts, claimed.attempt, claimed.door) == (SKILL.max_attempts, 1, "http:ci")


async def test_skill_version_is_the_last_registered(pool: asyncpg.Pool) -> None:
    """A new task is given the version of its skill that was registered last; what is registered again is last."""
    newer = SkillRow(name="triage", version="v2", engine="claude", model="m", max_attempts=1)
    await register_skills(pool, [SKILL])
    await register_skills(pool, [newer])
    assert await list_skills(pool) == [newer]
    await register_skills(pool, [SKILL])
    assert [row.version for row in await list_skills(pool)] == ["v1"]


async def test_concurrency_key_is_filled_from_the_input(pool: asyncpg.Pool) -> None:
    """A skill's key template is filled from the input, without case; a missing value is named."""
    keyed = SkillRow(
        name="triage", version="v1", engine="claude", model="m", concurrency_key="issue:${input.repo}#${input.n}"
    )
    await register_skills(pool, [keyed])
    made = await submit(pool, task(input={"repo": "Octocat/Hello", "n": 7}), door=DOOR)
    view = await get_task(pool, made.id)
    assert view is not None
    assert view.concurrency_key == "issue:octocat/hello#7"
    with pytest.raises(InvalidTask, match=r"input\.n"):
        await submit(pool, task(input={"repo": "Octocat/Hello"}), door=DOOR)


async def test_submit_is_part_of_the_callers_transaction(pool: asyncpg.Pool) -> None:
    """What the caller rolls back was never submitted."""
    await register_skills(pool, [SKILL])
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        made = await submit(connection, task(), door=DOOR)
        await transaction.rollback()
    assert await get_task(pool, made.id) is None


async def test_queued_is_the_first_event_and_notified(pool: asyncpg.Pool) -> None:
    """A submit says `queued` as event 0-1 and wakes listeners with the pool's name."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    def hear(*said: object) -> None:
        heard.put_nowait(str(said[3]))

    async with pool.acquire() as connection:
        await connection.add_listener("ledger_queued", hear)
        name = await given(pool)
        assert await asyncio.wait_for(heard.get(), 5) == "default"
        await connection.remove_listener("ledger_queued", hear)
    assert [event.sse_id for event in await events(pool, name)] == ["0-1"]
    assert await events(pool, name, tenant="other") == []


async def test_retry_is_a_new_task_with_a_parent(pool: asyncpg.Pool) -> None:
    """Only a final task is asked again: as a new task, under the old one's bounds, with the old one as parent."""
    old = await given(pool, resources={"github": {"repositories": ["octocat/hello-world"]}})
    with pytest.raises(InvalidTask, match="still queued"):
        await retry(pool, old)
    await cancel(pool, old, tenant=None, by="test")
    new = await retry(pool, old, actor=Actor(kind="person", id="ann"))
    claimed = await taken(pool)
    assert claimed.id == new != old
    assert claimed.task.parent_id == old
    assert claimed.vendors["github"].resources == {"repositories": ["octocat/hello-world"]}
    assert isinstance(new, UUID)
