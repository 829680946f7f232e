"""The verdict: succeeded only if everything is proven; else the reason that says who acts next."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from agent_contracts import Mode
from agent_contracts.result import RETRYABLE
from agent_engine.engines.outcome import RunOutcome
from agent_engine.evidence import Evidence
from agent_engine.skills.bind import Binding
from agent_engine.skills.format import Skill
from agent_engine.verdict import Facts, judge
from core.agent_engine.skill_folder import make_skill
from core.agent_engine.story import ANSWER, KEY, REF, RESULT, TASK, Story, answered, api_error, failed, ref_of, told
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def skill(tmp_path_factory: pytest.TempPathFactory) -> Skill:
    """A skill that demands a read, a write and an output."""
    return make_skill(tmp_path_factory.mktemp("skills"))


def test_everything_proven_succeeds(skill: Skill) -> None:
    """An attempt of which everything is proven succeeds, with its output and claims."""
    verdict = Story().verdict(skill)
    assert verdict.status == "succeeded"
    assert verdict.reason is None
    assert verdict.output == {"answer": "42"}
    assert verdict.claims[0].refs == [REF]


CASES: list[tuple[dict[str, Any], str]] = [
    ({"result": api_error(402), "returncode": 1}, "budget"),
    ({"result": api_error(401), "returncode": 1}, "auth"),
    ({"result": api_error(403), "returncode": 1}, "auth"),
    ({"result": api_error(429), "returncode": 1}, "rate"),
    ({"result": api_error(529), "returncode": 1}, "overloaded"),
    ({"result": api_error(500), "returncode": 1}, "server"),
    ({"result": api_error(400), "returncode": 1}, "config"),
    ({"result": failed("Not logged in"), "returncode": 1}, "auth"),
    ({"result": failed("API Error: Connection error."), "returncode": 1}, "server"),
    ({"result": failed("Request timed out."), "returncode": 1}, "server"),
    ({"result": failed("Prompt is too long · automatic compaction failed: API Error: 402 spent")}, "budget"),
    ({"result": failed("exceeded the 128000 output token maximum"), "returncode": 1}, "budget"),
    ({"result": told(is_error=True, stop_reason="refusal"), "returncode": 1}, "refusal"),
    ({"result": told(is_error=True, subtype="error_max_turns", terminal_reason="max_turns"), "returncode": 1}, "turns"),
    ({"result": told(is_error=True, subtype="error_max_budget_usd"), "returncode": 1}, "budget"),
    ({"result": told(is_error=True, subtype="error_max_structured_output_retries"), "returncode": 1}, "schema"),
    ({"result": told(is_error=True, subtype="error_during_execution"), "returncode": 1}, "crashed"),
    ({"result": told(is_error=None)}, "crashed"),
    ({"result": told(terminal_reason="aborted")}, "crashed"),
    ({"returncode": 1}, "crashed"),
    ({"result": None, "returncode": 143}, "crashed"),
    ({"result": None, "returncode": -9, "ended_by": "crashed", "init": None}, "crashed"),
    ({"result": None, "returncode": 0}, "crashed"),
    ({"result": None, "returncode": 1, "init": None, "stderr": "error: unknown option"}, "config"),
    ({"ended_by": "idle", "returncode": 143}, "idle"),
    ({"ended_by": "wall", "returncode": 143}, "timeout"),
    ({"ended_by": "cancelled", "returncode": 143}, "cancelled"),
    ({"ended_by": "shutdown", "returncode": 143}, "crashed"),
    ({"init": {"mcp_servers": [{"name": "github", "status": "failed"}]}}, "mcp_down"),
    ({"init": {"mcp_servers": []}}, "mcp_down"),
    ({"init": None}, "mcp_down"),
    ({"denied": True}, "denied"),
    ({"result": told(structured_output=None)}, "schema"),
    ({"result": answered(output={"answer": 42})}, "schema"),
    ({"result": answered(claims=[])}, "schema"),
    ({"result": told(structured_output=["x"])}, "schema"),
    ({"read": False}, "evidence"),
    ({"read_ok": False}, "evidence"),
    ({"forged": True}, "evidence"),
    ({"effect": None}, "evidence"),
    ({"effect": "failed"}, "evidence"),
    ({"effect": "unknown"}, "server"),
    ({"effect": "sending"}, "server"),
    ({"effect_tool": "add_issue_comment"}, "evidence"),
    ({"effect_target": "octocat/hello-world#4"}, "evidence"),
    ({"effect_target": "octocat/hello-world#11"}, "evidence"),
    ({"effect_target": "octocat/hello-world"}, "evidence"),
    ({"effect_fields": ("body", "title")}, "evidence"),
    ({"effect_fields": ()}, "evidence"),
    ({"result": answered(claims=[{"statement": "s", "refs": ["zzzzzzzz"]}])}, "evidence"),
    ({"result": answered(claims=[*ANSWER["claims"], {"statement": "s", "refs": [ref_of("x")]}])}, "evidence"),
]


@pytest.mark.parametrize(("change", "reason"), CASES)
def test_each_failing_has_its_reason(skill: Skill, change: dict[str, Any], reason: str) -> None:
    """Each way to fall short has one reason of the closed list, and is never a success."""
    verdict = replace(Story(), **change).verdict(skill)
    assert verdict.reason == reason
    assert verdict.status == ("cancelled" if reason == "cancelled" else "failed")
    assert verdict.failure is not None
    assert verdict.failure.retryable == (reason in RETRYABLE)
    assert verdict.message


@pytest.mark.parametrize(("change", "reason"), CASES)
def test_what_is_missing_for_want_of_a_vendor_is_attempted_again(
    skill: Skill, change: dict[str, Any], reason: str
) -> None:
    """A missing answer, proof or write is retryable where a call got no answer; every other reason stays."""
    for outage, instead in (("GitHub could not be reached.", "server"), ("Wait.\nretry_after: 2900", "rate")):
        verdict = replace(Story(), **change, outage=outage).verdict(skill)
        awaited = reason in ("schema", "evidence")
        assert verdict.reason == (instead if awaited else reason)
        assert verdict.failure is not None
        assert verdict.failure.retryable == (awaited or reason in RETRYABLE)
        open_write = change.get("effect") in ("unknown", "sending")
        assert verdict.failure.after_seconds == (2900 if awaited and instead == "rate" else 60 if open_write else None)
        assert ("no answer of github/search_issues: " in verdict.message) == awaited
        assert "retry_after" not in verdict.message


def test_an_outage_takes_nothing_from_a_success(skill: Skill) -> None:
    """An agent that did without what it could not get has succeeded where everything is proven."""
    assert replace(Story(), outage="GitHub could not be reached.").verdict(skill).status == "succeeded"


def test_an_unusable_output_schema_is_its_authors(tmp_path: Path) -> None:
    """An answer that cannot be held to its schema fails the attempt for the skill's fault, and is kept."""
    broken = make_skill(tmp_path, output_schema={"properties": {"answer": {"$ref": "https://elsewhere.example/a"}}})
    verdict = Story().verdict(broken)
    assert verdict.reason == "config"
    assert "output schema of skill look cannot be used: a $ref leads to no schema: " in verdict.message
    assert "https://elsewhere.example/a" in verdict.message
    assert verdict.output == {"answer": "42"}


def test_unknown_write_says_where_to_look(skill: Skill) -> None:
    """A write of which nobody knows whether it happened is named with what to look at."""
    assert "octocat/hello-world#1" in replace(Story(), effect="unknown").verdict(skill).message


def test_proposal_counts_as_the_action(skill: Skill) -> None:
    """A proposed write is what the skill could do."""
    assert replace(Story(), effect="proposed").verdict(skill).status == "succeeded"


def test_refs_that_do_not_fit_are_dropped(skill: Skill) -> None:
    """A claim keeps the refs that fit alone, and what was dropped is remarked."""
    claims = [{"statement": "s", "refs": ["zzzzzzzz", REF]}]
    verdict = replace(Story(), result=answered(claims=claims)).verdict(skill)
    assert verdict.status == "succeeded"
    assert verdict.claims[0].refs == [REF]
    assert "zzzzzzzz" in verdict.remarks[0]


def test_an_answer_is_kept_though_the_attempt_failed(skill: Skill) -> None:
    """What the agent had answered is kept when its attempt fails, and is no partial output."""
    verdict = replace(Story(), effect=None).verdict(skill)
    assert (verdict.output, verdict.partial) == ({"answer": "42"}, False)


def test_last_words_are_partial_output(skill: Skill) -> None:
    """Without an answer the agent's last words are kept as partial output, never the CLI's own; none are nothing."""
    story = replace(Story(), result=api_error(402), returncode=1)
    verdict = replace(story, words="It is a bug.").verdict(skill)
    assert (verdict.reason, verdict.output, verdict.partial) == ("budget", "It is a bug.", True)
    silent = story.verdict(skill)
    assert (silent.output, silent.partial) == (None, False)


def test_read_only_door_demands_no_writes(skill: Skill) -> None:
    """Behind a read-only door the write is not demanded, and the verdict says so."""
    verdict = replace(Story(), mode=Mode.read, effect=None).verdict(skill)
    assert verdict.status == "succeeded"
    assert "read-only run: github/issue_write not demanded" in verdict.message


def test_denial_is_told_before_a_missing_answer(skill: Skill) -> None:
    """A refused tool that the skill needs is the reason, also where the agent then had no answer."""
    ended = told(is_error=True, subtype="error_max_structured_output_retries", structured_output=None)
    assert replace(Story(), denied=True, result=ended, returncode=1).verdict(skill).reason == "denied"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("API Error: 400 the input is too long", "the model API answered 400: the input is too long"),
        ('API Error: 400\n{"type": 1}\n\x1b[31mred\x1b[0m', 'the model API answered 400: {"type": 1} red'),
        ("API Error: 400", "the model API answered 400: nothing was said"),
        ("4000 tokens are too many", "the model API answered 400: 4000 tokens are too many"),
    ],
)
def test_a_status_is_told_once_in_one_clean_line(skill: Skill, said: str, told: str) -> None:
    """The CLI's own "API Error: 400" is not repeated after ours, and line ends and escape sequences are gone."""
    result = {**api_error(400), "result": said}
    assert replace(Story(), result=result, returncode=1).verdict(skill).message == told


def test_a_tools_last_error_is_one_clean_line_without_its_ref(skill: Skill) -> None:
    """What a required tool failed with is told in one line; its ref says nothing to a reader."""
    text = "GitHub knows no octocat/x#9 (404).\n\u202eCheck the name.\x1b[2J"
    message = replace(Story(), read_ok=False, read_text=text).verdict(skill).message
    assert message.endswith("(last error: github/issue_read: GitHub knows no octocat/x#9 (404). Check the name.)")
    assert "ref:" not in message


def test_what_the_cli_said_last_is_one_line(skill: Skill) -> None:
    """A CLI that does not start is told by its own last words, in one line."""
    message = replace(Story(), result=None, returncode=1, init=None, stderr="error:\n  no \x1b[1mmodel").verdict(skill)
    assert message.message == "the CLI did not start (status 1): error: no model"


WRONG: dict[str, list[Any]] = {}
for _change, _ in CASES:
    for _name, _value in _change.items():
        WRONG.setdefault(_name, []).append(_value)


@given(data=st.data())
def test_no_story_with_a_gap_succeeds(skill: Skill, data: st.DataObject) -> None:
    """Whatever is wrong, alone or together, the verdict is no success; and it is one only if nothing is."""
    names = data.draw(st.sets(st.sampled_from(sorted(WRONG.keys() - {"stderr"}))))
    change = {name: data.draw(st.sampled_from(WRONG[name])) for name in sorted(names)}
    story = replace(Story(), **change)
    whole = all(getattr(story, item.name) == getattr(Story(), item.name) for item in fields(Story))
    assert (story.verdict(skill).status == "succeeded") is whole


@given(
    st.none()
    | st.dictionaries(
        st.sampled_from(sorted(RESULT)),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.lists(st.text())
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_last_word_is_judged(skill: Skill, result: dict[str, Any] | None) -> None:
    """Whatever the CLI says last, there is a verdict, and without a fitting answer it is no success."""
    assert replace(Story(), result=result).verdict(skill).status != "succeeded"


def test_skill_without_servers_needs_no_claims(tmp_path: Path) -> None:
    """A skill without servers has nothing that claims could rest on, and needs none."""
    plain = make_skill(tmp_path, servers=None, required_tools=None, required_effects=None, grant={})
    facts = Facts(
        run=RunOutcome(answer=ANSWER | {"claims": []}),
        skill=plain,
        binding=Binding(vendors=(), grants={}, allowed_tools={}),
        evidence=Evidence(key=KEY, task=TASK, attempt=1),
        effects=[],
    )
    assert judge(facts).status == "succeeded"
