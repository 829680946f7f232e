"""Required effects: only the write that the skill requires, to the task's own target, makes a success."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from agent_contracts import EffectSummary
from agent_engine.skills.format import Skill
from agent_engine.skills.load import read_skill, shipped_folder
from agent_engine.skills.required_effects import RequiredEffect, entries
from core.agent_engine.skill_folder import make_skill
from core.agent_engine.story import Story
from hypothesis import given
from hypothesis import strategies as st

ISSUE = "octocat/hello-world#1"
OTHER = "octocat/hello-world#4"
LABELS = f"github/issue_write[labels]@{ISSUE}"


@pytest.fixture(scope="module")
def skill(tmp_path_factory: pytest.TempPathFactory) -> Skill:
    """A skill that demands a read and an output."""
    return make_skill(tmp_path_factory.mktemp("skills"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"effect_target": OTHER}, f"{LABELS}: only {OTHER} was written"),
        ({"effect_fields": ("body", "title")}, f"{LABELS}: only body, title of {ISSUE} was written"),
        ({"effect_fields": ()}, f"{LABELS}: only no field of {ISSUE} was written"),
        ({"effect": None}, f"the gateway has no write of github/issue_write as done at all; required is {LABELS}"),
        (
            {"effect": "failed"},
            f"the gateway has no write of github/issue_write as done: failed on {ISSUE}; required is {LABELS}",
        ),
        ({"effect": "unknown"}, f"whether {LABELS} was written is not known: look at issues.update on {ISSUE}"),
        ({"effect": "sending"}, f"whether {LABELS} was written is not known: look at issues.update on {ISSUE}"),
        (
            {"effect": "unknown", "effect_target": OTHER},
            f"the gateway has no write of github/issue_write as done: unknown on {OTHER}; required is {LABELS}",
        ),
    ],
)
def test_what_was_missing_is_said(skill: Skill, change: dict[str, Any], message: str) -> None:
    """Another issue, other fields, none or an unknown end: no success, and the message says what there was instead."""
    verdict = replace(Story(), **change).verdict(skill)
    assert (verdict.status, verdict.reason) == ("failed", "server" if message.startswith("whether") else "evidence")
    assert verdict.message == message


@pytest.mark.parametrize(
    "change",
    [
        {"effect_target": "OctoCat/Hello-World#1"},
        {"effect_fields": ("labels", "state", "title")},
        {"required": "github/issue_write", "effect_target": OTHER, "effect_fields": ()},
        {"required": "github/issue_write[labels]", "effect_target": OTHER},
        {"required": f"github/issue_write@{ISSUE}", "effect_fields": ()},
    ],
)
def test_what_fits_succeeds(skill: Skill, change: dict[str, Any]) -> None:
    """More fields than demanded, other capitals, and whatever the entry leaves open are the required write."""
    assert replace(Story(), **change).verdict(skill).status == "succeeded"


NAMES = st.sampled_from(["a", "b/c#1", "B/C#1", "b/c", "b/c#11", "*", "b/*"])
FIELDS = st.sets(st.sampled_from(["labels", "title", "body"]))


@given(target=NAMES, fields=FIELDS, wrote=NAMES, held=FIELDS)
def test_targets_are_literal_and_fields_are_all_there(
    target: str, fields: set[str], wrote: str, held: set[str]
) -> None:
    """An effect fits only where its target is the same but for capitals, and no demanded field is missing."""
    required = RequiredEffect(tool="github/issue_write", fields=tuple(fields), target=target)
    effect = EffectSummary(
        id=uuid.UUID(int=1),
        attempt=1,
        vendor="github",
        tool="issue_write",
        route="r",
        target=wrote,
        fields=sorted(held),
        state="done",
    )
    assert required.fits(effect) is (target.lower() == wrote.lower() and fields <= held)


def test_entries_are_parted_outside_brackets() -> None:
    """Blanks and commas part entries, but not the fields of one."""
    text = "github/issue_write[labels,title]@a/b#1, github/issue_write\n  github/add_issue_comment@a/b"
    parsed = [str(RequiredEffect.parse(entry)) for entry in entries(text)]
    assert parsed == [
        "github/issue_write[labels,title]@a/b#1",
        "github/issue_write",
        "github/add_issue_comment@a/b",
    ]


def test_shipped_triage_requires_its_own_issue() -> None:
    """The shipped triage demands labels and a comment on the very issue of the task."""
    skill = read_skill(shipped_folder() / "issue-triage")
    given_input = {"repository": "octocat/hello-world", "issue": 7}
    assert [str(effect.bound(given_input)) for effect in skill.settings.required_effects] == [
        "github/issue_write[labels]@octocat/hello-world#7",
        "github/add_issue_comment@octocat/hello-world#7",
    ]
