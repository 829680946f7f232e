"""Binding: what a run may do is what skill, task and door all allow, with the input's values put in literally."""

from pathlib import Path
from typing import Any

import pytest
from agent_contracts import Mode, Task
from agent_engine.errors import TaskRefused
from agent_engine.skills.bind import Binding, bind
from agent_engine.skills.format import Skill
from agent_engine.skills.required_effects import RequiredEffect
from core.agent_engine.skill_folder import VENDORS, make_skill
from hypothesis import given
from hypothesis import strategies as st
from service_kit.grants import Bound

INPUT: dict[str, Any] = {"repository": "octocat/hello-world", "issue": 1}


@pytest.fixture(scope="module")
def skill(tmp_path_factory: pytest.TempPathFactory) -> Skill:
    """A good skill."""
    return make_skill(tmp_path_factory.mktemp("skills"))


def door(*repositories: str, mode: Mode = Mode.write, tools: list[str] | None = None) -> dict[str, Bound]:
    """Give a door's bounds at GitHub."""
    return {"github": Bound(resources={"repositories": list(repositories)}, mode=mode, tools=tools)}


def bound(skill: Skill, given_input: Any = INPUT, doors: dict[str, Bound] | None = None, **task: Any) -> Binding:
    """Bind a task's input."""
    return bind(
        skill, Task(skill="look", input=given_input, **task), door("octocat/*") if doors is None else doors, VENDORS
    )


def test_input_is_bound_literally(skill: Skill) -> None:
    """The grant holds the very repository of the input, the skill's tools and limits."""
    binding = bound(skill)
    assert binding.grants["github"].resources == {"repositories": ["octocat/hello-world"]}
    assert binding.grants["github"].limits == {"issue_write": 3}
    assert binding.allowed_tools == {"github": ("issue_read", "list_labels", "issue_write")}


@pytest.mark.parametrize(
    "name",
    [
        "octocat/*",
        "*/*",
        "*",
        "octocat",
        "octocat/hello/world",
        "octocat/..",
        "octocat/.",
        "../octocat",
        "octocat/hello world",
        "octocat/hello\n",
        "octocat/hello?x",
        "octocat/%2e%2e",
        "",
        "okto cat/x",
        "octocat/héllo",
    ],
)
def test_patterns_and_other_names_are_refused(skill: Skill, name: str) -> None:
    """A value that is not one repository in GitHub's syntax is refused, never taken as a pattern."""
    with pytest.raises(TaskRefused) as refused:
        bound(skill, {"repository": name})
    assert refused.value.reason == "invalid"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_no_input_widens_a_grant(skill: Skill, name: str) -> None:
    """Whatever the input says, the grant holds at most one repository, without a star, that the door opens."""
    try:
        binding = bound(skill, {"repository": f"octocat/{name}"})
    except TaskRefused:
        return
    repositories = binding.grants["github"].resources["repositories"]
    assert repositories == [f"octocat/{name}"]
    assert "*" not in repositories[0]


@pytest.mark.parametrize(
    "given_input", ["octocat/hello-world", {"issue": 1}, {"repository": True}, {"repository": ["a/b"]}]
)
def test_missing_values_are_invalid(skill: Skill, given_input: Any) -> None:
    """An input without the value that the grant is bound to is invalid."""
    with pytest.raises(TaskRefused) as refused:
        bound(skill, given_input)
    assert refused.value.reason == "invalid"


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("doors", "task"),
    [
        ({}, {}),
        (door("octocat/other"), {}),
        (door(), {}),
        (door("octocat/*", tools=["issue_read"]), {}),
        (door("octocat/*", tools=[]), {}),
        (door("octocat/*"), {"resources": {"github": {"repositories": ["octocat/other"]}}}),
    ],
)
def test_what_is_not_open_is_denied(skill: Skill, doors: dict[str, Bound], task: dict[str, Any]) -> None:
    """A task of which nothing needed is left is denied before any run."""
    with pytest.raises(TaskRefused) as refused:
        bound(skill, doors=doors, **task)
    assert refused.value.reason == "denied"


def test_tasks_own_resources_narrow(skill: Skill) -> None:
    """A task's resources keep what they name and cannot add to it."""
    binding = bound(skill, resources={"github": {"repositories": ["octocat/*", "evil/x"]}})
    assert binding.grants["github"].resources == {"repositories": ["octocat/hello-world"]}


def test_read_only_door_withholds_writes(skill: Skill) -> None:
    """Behind a read-only door the writing tools are gone, and their effects are not demanded."""
    binding = bound(skill, doors=door("octocat/*", mode=Mode.read))
    assert binding.grants["github"].mode is Mode.read
    assert binding.withheld == ("github/issue_write",)
    assert binding.required == ()
    assert "issue_write" not in binding.allowed_tools["github"]


def test_required_effects_are_bound_to_the_task(tmp_path: Path) -> None:
    """A required effect's target holds the input's values; without one it is any."""
    entries = "github/issue_write[labels, title]@${input.repository}#${input.issue}, github/issue_write"
    binding = bound(make_skill(tmp_path, required_effects=entries))
    assert binding.required == (
        RequiredEffect(tool="github/issue_write", fields=("labels", "title"), target="octocat/hello-world#1"),
        RequiredEffect(tool="github/issue_write"),
    )


def test_required_effect_without_its_value_is_invalid(tmp_path: Path) -> None:
    """A task that does not say what is to be written to is refused before any run."""
    skill = make_skill(tmp_path, required_effects="github/issue_write@${input.repository}#${input.issue}")
    with pytest.raises(TaskRefused) as refused:
        bound(skill, {"repository": "octocat/hello-world"})
    assert refused.value.reason == "invalid"


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "how", [{"max_turns": "many"}, {"required_effects": "github/issue_write[x"}, {"servers": "jira"}, {"grant": {}}]
)
def test_wrong_skill_is_the_operators(tmp_path: Path, how: dict[str, Any]) -> None:
    """A skill that is wrong itself gives reason config, not a looser run."""
    with pytest.raises(TaskRefused) as refused:
        bound(make_skill(tmp_path, **how))
    assert refused.value.reason == "config"
