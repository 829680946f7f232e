"""`agent-engine skills check`: the letter of the format, and of our settings."""

from pathlib import Path
from typing import Any

import pytest
import skills_ref  # type: ignore[import-untyped]
from agent_engine.skills.check import check, unchecked
from agent_engine.skills.load import read_skill, shipped_folder
from core.agent_engine.skill_folder import GRANT, VENDORS, make_skill, write_skill


def test_good_skill_has_nothing_wrong(tmp_path: Path) -> None:
    """A whole skill passes, here and at the format's own validator."""
    place = write_skill(tmp_path)
    assert check(read_skill(place), VENDORS) == []
    assert skills_ref.validate(place) == []


@pytest.mark.parametrize("name", ["ci-failure", "issue-triage", "pr-review", "release-notes"])
def test_shipped_skills_pass(name: str) -> None:
    """Every shipped skill passes both checks and is short."""
    folder = shipped_folder() / name
    assert check(read_skill(folder), VENDORS) == []
    assert skills_ref.validate(folder) == []
    assert len((folder / "SKILL.md").read_text().splitlines()) < 150


def grant(**change: Any) -> dict[str, Any]:
    """Give the good grant with something otherwise."""
    return {"github": {**GRANT["github"], **change}}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"front": {"tags": ["x"]}}, "unknown fields in the front matter: tags"),
        ({"front": {"name": "Look"}}, "may hold lower-case letters"),
        ({"front": {"name": "other"}}, "is not its folder's"),
        ({"front": {"description": "x" * 1025}}, "longer than 1024"),
        ({"body": ""}, "the body is empty"),
        ({"body": "line\n" * 600}, "more than 500 lines"),
        ({"servers": "github jira"}, "server 'jira' is not known"),
        ({"required_tools": "github/issue_erase"}, "server github has no tool 'issue_erase'"),
        ({"required_tools": "slack/post"}, "metadata.servers does not name"),
        ({"required_effects": "github/issue_read"}, "github/issue_read writes nothing"),
        ({"required_effects": "github/issue_write[]"}, "'github/issue_write[]' is not server/tool[field,field]@TARGET"),
        ({"required_effects": "github/issue_write@"}, "is not server/tool[field,field]@TARGET"),
        ({"required_effects": "github/issue_write@a/b[labels]"}, "is not server/tool[field,field]@TARGET"),
        ({"required_effects": "github/issue_write@${repository}"}, "a place in its target is written ${input.NAME}"),
        ({"required_effects": "github/issue_write[labels]@a/b#${input.issue}"}, "'issue' is not required"),
        (
            {"required_effects": "github/issue_write[labls]"},
            "github/issue_write writes no 'labls': did you mean labels?",
        ),
        (
            {"concurrency_key": "issue:${input.isue}"},
            "it has no 'isue', but grant, required-effects or concurrency-key",
        ),
        ({"built_in_tools": "Shell"}, "'Shell' is not one of"),
        ({"grant": grant(tools=["issue_read", "rm"])}, "github has no tool 'rm'"),
        ({"grant": grant(tools=["issue_read"], limits={})}, "github/issue_write is required and not granted"),
        ({"grant": grant(mode="read")}, "mode read at github, but issue_write would write"),
        ({"grant": grant(limits={})}, "give issue_write a limit"),
        ({"grant": grant(limits={"issue_write": 1, "add_issue_comment": 1})}, "which is not granted"),
        ({"grant": grant(resources={})}, "no resources are named at github"),
        ({"grant": grant(resources={"projects": ["x"]})}, "no resources of the kind 'projects'"),
        ({"grant": grant(resources={"repositories": ["${input.issue}"]})}, "'issue' is not required"),
        ({"grant": {}}, "nothing is granted at github"),
        ({"input_schema": None}, "input-schema is missing"),
        ({"output_schema": {"type": "objekt"}}, "output-schema: not a JSON Schema"),
        ({"output_schema": {"pattern": "("}}, 'output-schema: pattern "(" is no regular expression'),
        ({"output_schema": {"pattern": "^(?!a)b"}}, 'pattern "^(?!a)b" is no regular expression that is matched in'),
        (
            {"output_schema": {"items": {"$ref": "#/not"}, "not": {}}},
            "output-schema: a $ref leads to no schema: Pointer",
        ),
        ({"input_schema": "bad.json", "files": {"bad.json": '{"not":' * 300 + "{}" + "}" * 300}}, "it cannot be read"),
        ({"input_schema": "bad.json", "files": {"bad.json": "[" * 100_000}}, "bad.json is not JSON"),
        ({"engine": "cursor"}, "engine 'cursor' is not one of"),
        ({"model": "sonnet"}, "has no known price at anthropic"),
        ({"model": "gpt-5"}, "has no known price at anthropic"),
        ({"wall_seconds": "10", "idle_seconds": "20"}, "idle-seconds is longer"),
        ({"max_turns": "0"}, "metadata.max-turns"),
        ({"required-tool": "x"}, "did you mean required-tools?"),
    ],
)
def test_each_fault_is_said(tmp_path: Path, how: dict[str, Any], said: str) -> None:
    """Every kind of fault is said in words that name it."""
    problems = check(make_skill(tmp_path, **how), VENDORS)
    assert any(said in problem for problem in problems), problems


def test_a_model_is_priced_by_its_engine(tmp_path: Path) -> None:
    """Another engine's model is not refused for a price that nobody here knows; the check says that it did not look."""
    skill = make_skill(tmp_path, engine="codex", model="gpt-5")
    assert not [text for text in check(skill, VENDORS) if "price" in text]
    assert unchecked(skill) == ["whether model 'gpt-5' has a price: engine 'codex' has no price list"]
    assert unchecked(make_skill(tmp_path / "claudes")) == []


def test_faults_do_not_hide_each_other(tmp_path: Path) -> None:
    """Everything that is wrong is said at once, and nothing that follows from another fault alone."""
    skill = make_skill(
        tmp_path,
        front={"description": None},
        max_turns="0",
        required_tools="bad worse",
        required_effects="github/issue_write[] github/issue_write@",
        grant="github: {tools: ['Issue Read'], mode: erase}",
        model="sonnet",
        input_schema="missing.json",
        output_schema={"type": "objekt", "required": "answer"},
    )
    problems = check(skill, VENDORS)
    for said in (
        "description is missing",
        "metadata.max-turns",
        "'bad', 'worse'",
        "'github/issue_write[]'",
        "'github/issue_write@'",
        "metadata.grant.github.tools.0",
        "metadata.grant.github.mode",
        "'sonnet' has no known price",
        "metadata.input-schema names missing.json, which is not in the skill's folder",
        'output-schema: not a JSON Schema (2020-12): $.type: "objekt"',
        'output-schema: not a JSON Schema (2020-12): $.required: "answer"',
    ):
        assert any(said in problem for problem in problems), (said, problems)
    assert not any("is missing:" in problem or "nothing is granted" in problem for problem in problems)
    assert not any("Value error" in problem for problem in problems)


def test_missing_schema_file_is_named_alone(tmp_path: Path) -> None:
    """A schema that is named and not there is not said to be left out."""
    place = write_skill(tmp_path)
    (place / "input.schema.json").unlink()
    (place / "output.schema.json").unlink()
    assert check(read_skill(place), VENDORS) == [
        "metadata.input-schema names input.schema.json, which is not in the skill's folder",
        "metadata.output-schema names output.schema.json, which is not in the skill's folder",
    ]


def test_plain_yaml_is_not_the_format(tmp_path: Path) -> None:
    """The format wants strings under metadata: the check says so, while the loader takes them."""
    place = write_skill(tmp_path)
    text = (place / "SKILL.md").read_text().replace("metadata:", "metadata:\n  max-turns: 7")
    (place / "SKILL.md").write_text(text)
    assert check(read_skill(place), VENDORS) == ["metadata.max-turns is not text: put it in quotes"]
