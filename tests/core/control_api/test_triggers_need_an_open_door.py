"""Triggers that can start nothing are told: no door hears their source, or none opens their skill."""

import pytest
from control_api.webhooks.triggers import Trigger, Triggers, closed_triggers
from fixtures.control import TRIGGER as FIRST
from fixtures.control import Control
from service_kit.access import Access
from structlog.testing import capture_logs

CLOSED = {**FIRST, "name": "of-another-tenant", "skill": "close-accounts"}
TRIGGER = {"name": "triage", "source": "github", "event": "issues", "skill": "issue-triage", "input": "x"}


@pytest.mark.parametrize(
    ("webhooks", "change", "told"),
    [
        ({"github": ["issue-triage"]}, {}, ""),
        ({"github": ["*"]}, {}, ""),
        ({"github/one": ["other"], "github/two": ["issue-triage"]}, {}, ""),
        ({}, {}, "triage: access.yaml has no door for github"),
        ({"github": ["other"]}, {}, "triage: github does not open skill issue-triage in access.yaml"),
        ({"github": ["*"]}, {"instance": "one"}, "triage: access.yaml has no door for github/one"),
        ({"github/one": ["other"], "github": ["*"]}, {"instance": "one"}, "triage: github/one does not open skill"),
    ],
)
def test_a_trigger_without_an_open_door_is_told(
    webhooks: dict[str, list[str]], change: dict[str, str], told: str
) -> None:
    """The trigger, the door and the skill are named; one door that opens the skill is enough."""
    access = Access.model_validate({"webhooks": {key: {"skills": skills} for key, skills in webhooks.items()}})
    triggers = Triggers(triggers=[Trigger.model_validate({**TRIGGER, **change})])
    found = closed_triggers(triggers, access)
    assert len(found) == bool(told)
    assert "".join(found).startswith(told)


@pytest.mark.parametrize("trigger", [CLOSED])
async def test_ready_counts_and_the_log_names_them_once(control: Control) -> None:
    """`/ready` asks for no token, so that it tells nobody the names of tenants' triggers and skills."""
    with capture_logs() as lines:
        replies = [await control.http.request("GET", "/ready") for _ in range(2)]
    told = replies[1].json()["warnings"]["triggers that start nothing"]
    assert told == "1 can start nothing: `trigger_starts_nothing` in this process's log says which"
    assert not any(name in replies[1].text for name in ("of-another-tenant", "close-accounts"))
    named = [line["fault"] for line in lines if line["event"] == "trigger_starts_nothing"]
    assert named == ["of-another-tenant: github does not open skill close-accounts in access.yaml"]
