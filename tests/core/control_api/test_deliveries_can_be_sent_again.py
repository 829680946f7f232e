"""A delivery is known when all of it has become tasks; until then it may be sent again, and no task is made twice."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
import yaml
from control_api.webhooks import deliveries
from fixtures.control import TRIGGER, Control, payload

LIMIT_SECONDS = 15
UNKNOWN = {**TRIGGER, "name": "and-more", "skill": "unknown-skill"}


def write_triggers(control: Control, *triggers: dict[str, Any]) -> None:
    """Change what deliveries lead to."""
    (control.folder / "triggers.yaml").write_text(yaml.safe_dump({"triggers": list(triggers)}))


async def until_fired(control: Control, tasks: int) -> dict[str, Any]:
    """Send the delivery until it has led to so many tasks at once, as control learns of its changed triggers."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            document: dict[str, Any] = (await control.deliver(payload())).json()
            if len(document.get("tasks", [])) == tasks:
                return document
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("trigger", [{**TRIGGER, "action": "closed"}])
async def test_what_was_ignored_fires_once_the_trigger_is_mended(control: Control) -> None:
    """A wrong trigger uses no delivery up."""
    assert [(await control.deliver(payload())).json()["duplicate"] for _ in range(2)] == [False, False]
    write_triggers(control, TRIGGER)
    assert not (await until_fired(control, 1))["duplicate"]
    assert (await control.deliver(payload())).json()["duplicate"]
    assert len(await control.tasks()) == 1


async def test_what_was_refused_beside_a_task_fires_once_it_is_mended(control: Control) -> None:
    """Sent again, the trigger that fired gives the same task, within its daily budget, and the other one its first."""
    write_triggers(control, {**TRIGGER, "name": "once-a-day", "daily_budget": {"tasks": 1}}, UNKNOWN)
    replies: list[dict[str, Any]] = [{}]
    async with asyncio.timeout(LIMIT_SECONDS):
        while not replies[-1].get("refused"):  # until control has learnt of the triggers
            replies.append((await control.deliver(payload(len(replies)))).json())
            await asyncio.sleep(0.2)
    again = (await control.deliver(payload(len(replies) - 1))).json()
    assert [one["id"] for one in again["tasks"]] == [one["id"] for one in replies[-1]["tasks"]]
    assert [one["trigger"] for one in again["refused"]] == ["and-more"]
    assert [one["created"] for one in again["tasks"]] == [False]


async def test_a_name_that_is_none_uses_no_body_up(control: Control) -> None:
    """The event's header is not signed: without it, or under a name that no trigger has, nothing is kept."""
    missing = await control.deliver(payload(), x_github_event="")
    assert (missing.status, missing.json()["reason"]) == (422, "event")
    other = await control.deliver(payload(), event="nonsense")
    assert (other.status, other.json()["tasks"]) == (200, [])
    assert (await control.deliver(payload())).status == 202


async def test_a_delivery_is_known_for_thirty_days(control: Control, pool: asyncpg.Pool) -> None:
    """After 29 days it is a duplicate; after 31 it is looked at anew, and still the same task."""
    body = json.dumps(payload()).encode()
    (task,) = (await control.deliver(body)).json()["tasks"]
    aged = "update control.deliveries set received_at = received_at - make_interval(days => $1)"
    await pool.execute(aged, 29)
    assert (await control.deliver(body)).json()["duplicate"]
    await pool.execute(aged, 2)
    again = (await control.deliver(body)).json()
    assert (again["duplicate"], again["tasks"]) == (False, [{**task, "created": False}])
    assert len(await control.tasks()) == 1


async def test_what_is_over_is_deleted(control: Control, pool: asyncpg.Pool) -> None:
    """Deliveries and firings of more than 30 days ago go; later ones stay."""
    await control.deliver(payload(1))
    await pool.execute("update control.deliveries set received_at = received_at - interval '31 days'")
    await pool.execute("update control.firings set day = day - 31")
    await control.deliver(payload(2))
    await deliveries.prune(pool)
    assert await pool.fetchval("select count(*) from control.deliveries") == 1
    assert await pool.fetchval("select count(*) from control.firings") == 1
