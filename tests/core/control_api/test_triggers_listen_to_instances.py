"""Several instances of one source: which triggers an event at each of them fires, and what a dry run of it shows."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from agent_ledger import SkillRow, register_skills
from fixtures.control import OTHER_TOKEN, SECRET, TOKEN, TRIGGER, Control, built, payload, write_files
from fixtures.serving import serving
from service_kit.http import HttpClient

UNNAMED, PAYMENTS = "", "payments"
FIRED = {UNNAMED: ["at-any", "at-the-unnamed"], PAYMENTS: ["at-any", "at-payments"]}


@pytest.fixture
def tenant() -> str:
    """The tenant of the instance with a name; that of the other one is acme."""
    return "globex"


@pytest.fixture
async def control(pool: asyncpg.Pool, tmp_path: Path, tenant: str) -> AsyncIterator[Control]:
    """A control with two instances of GitHub, and a trigger for each and for both."""
    write_files(tmp_path, TRIGGER)
    access = yaml.safe_load((tmp_path / "access.yaml").read_text())
    own = {"tenant": tenant, "secrets": ["env:PAYMENTS_SECRET"]}
    access["webhooks"]["github/payments"] = access["webhooks"]["github"] | own
    (tmp_path / "access.yaml").write_text(yaml.safe_dump(access))
    triggers = [
        {**TRIGGER, "name": "at-any"},
        {**TRIGGER, "name": "at-the-unnamed", "instance": UNNAMED},
        {**TRIGGER, "name": "at-payments", "instance": PAYMENTS},
    ]
    (tmp_path / "triggers.yaml").write_text(yaml.safe_dump({"triggers": triggers}))
    await register_skills(
        pool, [SkillRow(name="issue-triage", version="v1", engine="claude", model="m", description="d")]
    )
    app = built(tmp_path, pool, PAYMENTS_SECRET=SECRET)
    async with serving(app) as url, HttpClient(base_url=url) as http:
        yield Control(http, pool, tmp_path, url=url)


async def tried(control: Control, token: str = TOKEN, **changes: str) -> tuple[int, dict[str, Any]]:
    """Ask what a payload would start, by a door of acme or of globex."""
    asked = {"event": "issues", "payload": payload(), **changes}
    headers = {"authorization": f"Bearer {token}"}
    reply = await control.http.request("POST", "/v1/triggers/test", json=asked, headers=headers)
    return reply.status, reply.json()


@pytest.mark.parametrize("instance", [UNNAMED, PAYMENTS])
async def test_a_trigger_listens_to_its_instance_or_to_all(control: Control, instance: str) -> None:
    """`instance` names one, empty the one without a name; left out, the trigger listens to each of them."""
    reply = await control.deliver(payload(), instance=instance)
    assert [task["trigger"] for task in reply.json()["tasks"]] == FIRED[instance]


@pytest.mark.parametrize("tenant", ["acme"])
@pytest.mark.parametrize("first", [UNNAMED, PAYMENTS])
async def test_an_event_through_two_instances_fires_each_trigger_once(control: Control, first: str) -> None:
    """The second instance fires the triggers that are bound to it alone; whatever comes after that is known."""
    order = (first, PAYMENTS if first == UNNAMED else UNNAMED)
    sent = [(instance, number) for number in ("d-1", "d-2") for instance in order]
    replies = [
        (await control.deliver(payload(), instance=instance, x_github_delivery=number)).json()
        for instance, number in sent
    ]
    every = ["at-any", "at-payments", "at-the-unnamed"]
    second = [name for name in FIRED[order[1]] if name != "at-any"]
    assert [reply["duplicate"] for reply in replies] == [False, False, True, True]
    assert [sorted(task["trigger"] for task in reply["tasks"]) for reply in replies] == [
        FIRED[first],
        second,
        every,
        every,
    ]
    assert sorted(task["task"]["labels"]["trigger"] for task in await control.tasks()) == every


@pytest.mark.parametrize("instance", [UNNAMED, PAYMENTS])
async def test_a_dry_run_shows_what_fires_at_an_instance(control: Control, instance: str) -> None:
    """The tasks are of the instance's tenant; nothing of the source's secrets is needed."""
    token = OTHER_TOKEN if instance else TOKEN
    _, shown = await tried(control, token, source="github", instance=instance)
    assert [task["trigger"] for task in shown["tasks"]] == FIRED[instance]
    assert {task["task"]["tenant"] for task in shown["tasks"]} == {"globex" if instance else "acme"}


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ({"source": "nowhere"}, "There are github."),
        ({"instance": "nowhere"}, "Add webhooks.github/nowhere to access.yaml."),
    ],
)
async def test_a_dry_run_where_nothing_arrives_says_what_to_add(
    control: Control, place: dict[str, str], remedy: str
) -> None:
    """A source that is not installed, or an instance without an entry, is a refusal and no empty plan."""
    status, refusal = await tried(control, **place)
    assert (status, refusal["reason"], refusal["remedy"]) == (404, "source", remedy)
