"""Which scenario plays, what a scenario file may hold, and what templates see."""

import re
from pathlib import Path
from typing import Any

import pytest
from core.stand_ins.model.house import Served
from e2e.scenarios.cases import CASES
from stand_ins.model.conversation import Conversation, parse
from stand_ins.model.errors import ScenarioError
from stand_ins.model.library import BUILT_IN, Library
from stand_ins.model.scenario import Match, Scenario
from stand_ins.model.templates import Templates, choose_labels, similar

ROOT = Path(__file__).parents[4]
REMINDER = "<system-reminder>\nToday is {not json}.\n</system-reminder>\n"


def conversation(prompt: str, *, system: str = "", **more: Any) -> Conversation:
    """Read a conversation of one turn."""
    body = {"model": "m", "max_tokens": 1, "system": system, "messages": [{"role": "user", "content": prompt}], **more}
    return parse(body)


def scenario(name: str, **more: Any) -> Scenario:
    """Make a scenario of one text."""
    return Scenario.from_mapping({"steps": [{"text": name}], **more}, name=name)


def chosen(library: Library, talk: Conversation) -> str | None:
    """Name the scenario that plays."""
    found = library.choose(talk)
    return found.name if found else None


def test_a_named_scenario_goes_before_a_match_and_a_match_before_a_skill() -> None:
    """Order of choice: named by the conversation, then by match, newest first, then by skill."""
    library = Library(built_in=False)
    library.add(scenario("by-name"))
    library.add(scenario("by-skill", skill="triage"))
    library.add(scenario("older", match="hello"))
    library.add(scenario("newer", match={"regex": "hel+o"}))
    system = "Rules.\n\nSkill: triage\n\nDo it."
    assert chosen(library, conversation("x", system=system)) == "by-skill"
    assert chosen(library, conversation("hello", system=system)) == "newer"
    assert chosen(library, conversation("hello SCENARIO:by-name.", system=system)) == "by-name"
    assert chosen(library, conversation("x")) is None


def test_an_alias_plays_a_known_scenario_elsewhere() -> None:
    """A test can have a stock scenario played for its own task, without copying it."""
    library = Library()
    library.alias("mine", like="refusal", match=Match(text='"issue": 7'))
    assert chosen(library, conversation('{"issue": 7}')) == "mine"
    with pytest.raises(ScenarioError, match="no scenario is named 'nothing'"):
        library.alias("x", like="nothing", match=Match(text="x"))


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.yaml")), ids=lambda path: path.stem)
def test_built_in_scenarios_are_sound(path: Path) -> None:
    """Every built-in scenario reads without error, is named like its file and says what it is for."""
    built_in = Scenario.from_file(path)
    assert built_in.name == path.stem
    assert built_in.note


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [{"say": "x"}]}, "steps.0.say: Extra inputs"),
        ({"steps": [{}], "match": {"regex": "("}}, "not a regular expression"),
        ({"steps": [{"status": 200}]}, "steps.0.status"),
        ([], "not a mapping"),
    ],
)
def test_a_wrong_scenario_is_refused_by_key(raw: object, message: str) -> None:
    """A fault in a scenario names the scenario, the key and the fault."""
    with pytest.raises(ScenarioError, match="scenario wrong: ") as caught:
        Scenario.from_mapping(raw, name="wrong")
    assert message in str(caught.value)


async def test_the_admin_interface_adds_names_and_forgets(served: Served) -> None:
    """PUT adds YAML, JSON or an alias and refuses nonsense with 422; reset brings back the files alone."""
    assert (await served.put("new", "steps: [{text: x}]")).status_code == 201
    assert (await served.put("like", {"like": "text", "match": "please"})).json() == {"name": "like", "steps": 1}
    refused = await served.put("bad", "steps: [{nonsense: x}]")
    assert (refused.status_code, "nonsense" in refused.json()["message"]) == (422, True)
    assert (await served.http.get("/_stand-in/scenarios")).json()[:2] == ["like", "new"]
    await served.http.post("/_stand-in/reset")
    names = (await served.http.get("/_stand-in/scenarios")).json()
    assert "new" not in names
    assert "text" in names


def test_the_clis_own_words_are_no_part_of_the_prompt() -> None:
    """Reminders around the prompt and behind a tool's result are cut off; the task's input is the first object left."""
    talk = parse(
        {
            "model": "m",
            "max_tokens": 1,
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": REMINDER}, {"type": "text", "text": '{"issue": 7}'}],
                },
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "mcp__a__b", "input": {}}]},
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "t1",
                            "content": [
                                {"type": "text", "text": "x\nref: k3v7q2xa\n"},
                                {"type": "text", "text": REMINDER},
                            ],
                        }
                    ],
                },
                {"role": "assistant", "content": "No response requested."},
                {"role": "user", "content": "go on"},
            ],
        }
    )
    assert (talk.prompt, talk.input, talk.replies) == ('{"issue": 7}', {"issue": 7}, (1,))
    assert talk.texts(failed=False)["b"] == ["x\nref: k3v7q2xa"]
    assert talk.refs(failed=False)["mcp__a__b"] == ["k3v7q2xa"]


def test_a_text_of_one_expression_keeps_its_type() -> None:
    """`{{ input.issue }}` alone is a number, within other text it is text; the sandbox holds."""
    templates = Templates(conversation('{"issue": 7, "tags": ["a"]}'))
    rendered = templates.render(
        {"n": "{{ input.issue }}", "t": "#{{ input.issue }}", "l": ["{{ input.tags + ['b'] }}"]}
    )
    assert rendered == {"n": 7, "t": "#7", "l": [["a", "b"]]}
    for template in ("{{ missing }}", "{{ input.__class__.__mro__ }}", "{{ results.x[0] }}", "{% if %}"):
        with pytest.raises(ScenarioError):
            templates.render(template)


def test_steps_may_depend_on_the_tools_offered() -> None:
    """A step whose `when` does not hold is not there, and the steps are counted without it."""
    steps = [{"text": "a"}, {"when": "has('issue_write')", "text": "b"}, {"text": "c"}]
    story = Scenario.from_mapping({"steps": steps}, name="x")
    with_tool = Templates(conversation("", tools=[{"name": "mcp__github__issue_write"}])).holds
    without = Templates(conversation("")).holds
    assert [story.step([0] * number, with_tool)[1].text for number in range(4)] == ["a", "b", "c", "c"]
    assert [story.step([0] * number, without)[1].text for number in range(3)] == ["a", "c", "c"]


def test_steps_may_depend_on_what_was_got() -> None:
    """`got` holds for tools that gave a result; one that failed, or was not called, gave none."""
    uses: list[dict[str, Any]] = [
        {"type": "tool_use", "id": name, "name": f"mcp__lab__{name}", "input": {}} for name in ("good", "bad")
    ]
    results = [{"type": "tool_result", "tool_use_id": use["id"], "is_error": use["id"] == "bad"} for use in uses]
    messages = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": uses},
        {"role": "user", "content": results},
    ]
    templates = Templates(parse({"model": "m", "max_tokens": 1, "messages": messages}))
    for expression, holds in (("'good'", True), ("'mcp__lab__good'", True), ("'bad'", False), ("'none'", False)):
        assert templates.holds(f"got({expression})") is holds
        assert templates.holds(f"got('good', {expression})") is holds


def test_labels_and_similar_issues_come_from_what_tools_returned() -> None:
    """Labels are chosen from those of the repository by the issue's words; the labels that it has are kept."""
    available = (
        '3 labels of o/r:\n<foreign>\n"bug" "Something isn\'t working"\n"documentation"\n"say \\"hi\\""\n</foreign>'
    )
    issue = (
        '#7 open "App crashes" by octocat (NONE), labels "say \\"hi\\"", created 2026-01-01\nIt fails with an error.'
    )
    assert choose_labels(available, issue) == ['say "hi"', "bug"]
    assert choose_labels(available, '#8 open "Typo in README" by x (NONE)\n') == ["documentation"]
    rows = [
        'likeness 0.42 #3 closed "It, too, crashes" by x (NONE): "see #99"',
        'likeness 0.10 #5 open "y" by z (NONE)',
    ]
    found = "\n".join(["2 of 9 issues compared in o/r are alike:", *rows])
    assert [(one["issue"], one["title"]) for one in similar(found)] == [(3, "It, too, crashes")]
    assert [one["issue"] for one in similar(found, most=5, least=0)] == [3, 5]


@pytest.mark.parametrize("path", sorted(ROOT.glob("agent-engine/skills/*/scenarios/*.yaml")), ids=str)
def test_scenarios_of_shipped_skills_are_sound(path: Path) -> None:
    """Every scenario beside a shipped skill plays for that skill: success always, others for a repository.

    Each but issue-triage's is among the cases that the real CLI plays.
    """
    skill, found = path.parents[1].name, Scenario.from_file(path)
    repository = f"acme/{skill}-{path.stem}"
    assert found.skill == skill
    assert found.match == (None if path.stem == "success" else Match(text=repository))
    assert skill == "issue-triage" or repository in {case.repository for case in CASES}


def test_the_readme_is_true() -> None:
    """The README's example is a scenario, and its list names every built-in one."""
    text = (ROOT / "packages/stand-ins/README.md").read_text()
    example = text.split("```yaml\n")[1].split("```")[0]
    assert len(Scenario.from_text(example, name="example").steps) == 3
    listed = text.split("Built in: ")[1].split(";")[0]
    assert sorted(re.findall(r"`([a-z0-9-]+)`", listed)) == sorted(path.stem for path in BUILT_IN.glob("*.yaml"))
