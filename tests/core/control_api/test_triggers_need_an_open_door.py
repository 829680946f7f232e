"""Triggers that can start nothing are told: no door hears their source, or none opens their skill."""

import pytest
from control_api.webhooks.triggers import Trigger, Triggers, closed_triggers
from service_kit.access import Access

TRIGGER = {"name": "triage", "source": "github", "event": "issues", "skill": "issue-triage", "input": "x"}


@pytest.mark.parametrize(
    ("webhooks", "change", "told"),
    [
        ({"github": ["issue-triage"]}, {}, None),
        ({"github": ["*"]}, {}, None),
        ({"github/one": ["other"], "github/two": ["issue-triage"]}, {}, None),
        ({}, {}, "triage: access.yaml has no door for github"),
        ({"github": ["other"]}, {}, "triage: github does not open skill issue-triage in access.yaml"),
        ({"github": ["*"]}, {"instance": "one"}, "triage: access.yaml has no door for github/one"),
        ({"github/one": ["other"], "github": ["*"]}, {"instance": "one"}, "triage: github/one does not open skill"),
    ],
)
def test_a_trigger_without_an_open_door_is_told(
    webhooks: dict[str, list[str]], change: dict[str, str], told: str | None
) -> None:
    """The trigger, the door and the skill are named; one door that opens the skill is enough."""
    access = Access.model_validate({"webhooks": {key: {"skills": skills} for key, skills in webhooks.items()}})
    triggers = Triggers(triggers=[Trigger.model_validate({**TRIGGER, **change})])
    found = closed_triggers(triggers, access)
    assert (found or "").startswith(told or "")
    assert (found is None) == (told is None)
