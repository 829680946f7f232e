"""Submitting: one row for one request, under the bounds of its door."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from agent_contracts import Actor, Budget, Mode, Retry, uuid7
from agent_ledger import (
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
from agent_ledger.errors import TaskFault
from core.ledger.house import DOOR, SKILL, given, taken, task
from service_kit.access import Door
from service_kit.grants import Bound


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
    with pytest.raises(InvalidTask, match="use a new id"):
        await submit(pool, task(id=name, input="else"), door=DOOR)
    with pytest.raises(InvalidTask, match="use a new id"):
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
async def test_what_the_house_does_not_take(pool: asyncpg.Pool, fields: dict[str, Any], fault: TaskFault) -> None:
    """A task that nobody could run is refused with its fault, and makes no row."""
    with pytest.raises(InvalidTask) as refused:
        await given(pool, **fields)
    assert refused.value.fault == fault
    assert await pool.fetchval("select count(*) from ledger.tasks") == 0


async def test_door_lists_its_skills(pool: asyncpg.Pool) -> None:
    """A door takes only the skills that it lists."""
    with pytest.raises(InvalidTask, match="not open at"):
        await given(pool, DOOR.model_copy(update={"skills": ["another"]}))


@pytest.mark.parametrize(
    ("fields", "fault", "said"),
    [
        ({"engine": "codex"}, "door", "leave it out, the skill decides"),
        ({"model": "another"}, "door", "add it to `models` of the door in access.yaml"),
        (
            {"reply_to": {"url": "https://a.b:444/x"}},
            "field",
            "send results to https://a.b:444: add it to `reply_origi",
        ),
        ({"reply_to": {"url": "http://a.b/x"}}, "field", "send results to http://a.b: add it"),
        ({"reply_to": {"url": "https://a.b@c.d/"}}, "field", "no plain http(s) URL"),
        ({"reply_to": {"url": "https://A.b.:443/x"}}, None, ""),
        ({"reply_to": {"stream": "ci"}}, None, ""),
        ({"model": "listed"}, None, ""),
        ({"model": SKILL.model, "engine": SKILL.engine}, None, ""),
    ],
)
async def test_what_a_task_chooses_is_the_doors_to_offer(
    pool: asyncpg.Pool, fields: dict[str, Any], fault: TaskFault | None, said: str
) -> None:
    """Model and reply URL are the skill's own or on the door's lists, the engine is the skill's; else it is refused."""
    door = DOOR.model_copy(update={"models": ["listed"], "reply_origins": ["https://a.b"]})
    if fault is None:
        assert await given(pool, door, **fields)
        return
    with pytest.raises(InvalidTask, match=re.escape(said)) as refused:
        await given(pool, door, **fields)
    assert refused.value.fault == fault


async def test_a_door_may_offer_every_model(pool: asyncpg.Pool) -> None:
    """A star on the door's list stands for any model."""
    await given(pool, DOOR.model_copy(update={"models": ["*"]}), model="another")
    assert (await taken(pool)).model == "another"


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


async def test_retry_is_a_new_task_with_a_parent(pool: asyncpg.Pool) -> None:
    """Only a final task is asked again: as a new task, with the old one as parent."""
    old = await given(pool, resources={"github": {"repositories": ["octocat/hello-world"]}})
    with pytest.raises(InvalidTask, match="still queued"):
        await retry(pool, old, door=DOOR)
    await cancel(pool, old, tenant=None, by="test")
    new = await retry(pool, old, door=DOOR, actor=Actor(kind="person", id="ann"))
    claimed = await taken(pool)
    assert claimed.id == new != old
    assert claimed.task.actor == Actor(kind="person", id="ann")
    assert claimed.task.parent_id == old
    assert claimed.vendors["github"].resources == {"repositories": ["octocat/hello-world"]}
    assert isinstance(new, UUID)


async def test_retry_is_bounded_by_the_present_door_and_the_old_bounds(pool: asyncpg.Pool) -> None:
    """What was opened, narrowed or raised at the door since gives a retry no more than both doors allow."""
    opened = Bound(resources={"repositories": ["octocat/*", "hubot/*"]}, mode=Mode.write, limits={"say": 3})
    then = DOOR.model_copy(update={"vendors": {"github": opened, "jira": Bound()}, "budget": Budget(usd="1", turns=9)})
    old = await given(pool, then)
    await cancel(pool, old, tenant=None, by="test")
    narrowed = Bound(tools=["look"], resources={"repositories": ["*/hello", "octocat/b"]}, limits={"say": 1, "look": 5})
    now = Door(name="cli", skills=["triage"], vendors={"github": narrowed, "slack": opened}, budget=Budget(usd="2"))
    await retry(pool, old, door=now)
    claimed = await taken(pool)
    assert claimed.door == "cli"
    assert claimed.budget == Budget(usd="1", turns=9)
    assert claimed.vendors == {
        "github": Bound(
            tools=["look"],
            resources={"repositories": ["octocat/hello", "hubot/hello", "octocat/b"]},
            mode=Mode.read,
            limits={"say": 1, "look": 5},
        )
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"skills": ["another"]}, "skill triage is not open at cli"),
        ({"tenant": "acme"}, "of tenant default, and cli of acme"),
        ({"vendors": {}}, "cli does not open github"),
        ({"reply_origins": []}, "does not send results to https://a.b"),
    ],
)
async def test_retry_at_a_door_that_was_closed_is_refused(
    pool: asyncpg.Pool, change: dict[str, Any], said: str
) -> None:
    """A skill, tenant, vendor or origin that the door does not open now is refused, whatever it opened then."""
    door = DOOR.model_copy(update={"name": "cli", "reply_origins": ["https://a.b"]})
    fields: dict[str, Any] = {"github": {"repositories": ["octocat/hello-world"]}}
    old = await given(pool, door, resources=fields, reply_to={"url": "https://a.b/x"})
    await cancel(pool, old, tenant=None, by="test")
    with pytest.raises(InvalidTask, match=re.escape(said)):
        await retry(pool, old, door=door.model_copy(update=change))
