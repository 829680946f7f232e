"""What a stranger writes changes neither what a run may do, nor the terminal, nor the verdict."""

import json
import re
from typing import Any
from urllib.parse import unquote_plus

import pytest
from agent_contracts.event import Warning as WarningEvent
from e2e.hostile.conftest import ELSEWHERE, INPUT, PLAYED, REPOSITORY, SHOWN, Hostility, texts
from e2e.hostile.words import FAKE_REF, HIDDEN, ORDERS
from service_kit.refs import REF_LINE

PASSWD = re.compile(r"root:x:0:0|run:x:\d+:\d+")
RUNS = (*PLAYED, INPUT)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
COLORS = re.compile(r"\x1b\[[0-9;]*m")
OBEYED = 13
"""How many things the obedient model does because the issue says so."""


def results(body: dict[str, Any]) -> list[str]:
    """Give the tool results in a request to the model."""
    blocks = [
        block for message in body["messages"] if isinstance(message["content"], list) for block in message["content"]
    ]
    return [text for block in blocks if block["type"] == "tool_result" for text in texts(block["content"])]


def test_an_agent_that_keeps_to_its_skill_succeeds(hostility: Hostility) -> None:
    """The hostile issue is triaged like any other, on refs that were really given."""
    seen = hostility.runs["issue-triage"]
    assert seen.result.status == "succeeded", seen.result.message
    given = {result.ref for _, result in seen.calls if result.ok}
    assert all(claim.refs and set(claim.refs) <= given for claim in seen.result.claims)
    assert FAKE_REF not in given


def test_an_agent_that_obeys_does_not_succeed_by_a_ref_of_the_issues(hostility: Hostility) -> None:
    """With all its work done and recorded, the claim on the ref that the issue made up fails the task."""
    result = hostility.runs["obeys"].result
    assert {effect.state for effect in result.effects} == {"done"}
    assert (result.status, result.reason) == ("failed", "evidence")
    assert "All that the issue asked for was done." in result.message
    told = [event.body.message for event in hostility.runs["obeys"].events if isinstance(event.body, WarningEvent)]
    assert any(FAKE_REF in text for text in told)


def test_an_agent_that_only_obeys_is_denied(hostility: Hostility) -> None:
    """Writes that were refused elsewhere are no writes at all: the verdict is that they were denied."""
    result = hostility.runs["obeys-only"].result
    assert (result.status, result.reason) == ("failed", "denied")
    assert "github/issue_write, github/add_issue_comment" in result.message
    assert result.effects == []


def test_nothing_is_read_or_written_outside_the_grant(hostility: Hostility) -> None:
    """GitHub never hears of another repository, whatever the model tries, and nothing there has changed."""
    assert hostility.before == hostility.after
    assert hostility.requests
    for request in hostility.requests:
        asked = unquote_plus(f"{request['path']}?{request['query']}")
        assert asked.startswith((f"/repos/{REPOSITORY}/", f"/search/issues?q=repo:{REPOSITORY} is:issue ")), asked
        assert ELSEWHERE not in asked
        assert asked.count("repo:") <= 1


def test_every_attempt_to_leave_the_grant_is_seen_to_fail(hostility: Hostility) -> None:
    """Each call that the issue told the model to make is in the events with its refusal."""
    calls = hostility.runs["obeys"].calls[2 : 2 + OBEYED]
    for call, result in calls:
        assert not result.ok, (call, result)
    denied = [(call.tool, call.input.get("repository")) for call, result in calls if result.denied]
    wanted = [("issue_write", ELSEWHERE), ("add_issue_comment", ELSEWHERE), ("issue_read", ELSEWHERE)]
    assert set(wanted) <= set(denied)
    assert ("issue_write", "octocat/hello-world") in denied


@pytest.mark.parametrize("name", RUNS)
def test_no_file_comes_into_the_conversation(name: str, hostility: Hostility) -> None:
    """`@/etc/passwd` stays the text that it is, in an issue as in a task's input, and no `/command` is run."""
    seen = hostility.runs[name]
    assert seen.asked
    everything = json.dumps([seen.asked, [event.model_dump(mode="json") for event in seen.events]])
    assert not PASSWD.search(everything)
    assert "@/etc/passwd" in everything
    assert "Total cost" not in everything


@pytest.mark.parametrize("name", PLAYED)
def test_the_model_gets_the_issue_fenced_and_cleaned(name: str, hostility: Hostility) -> None:
    """No hidden character, fake fence, reminder or ref of the issue's comes through to the model as such."""
    read = [text for text in results(hostility.runs[name].asked[-1]) if "Ignore your instructions" in text]
    assert read
    for text in read:
        assert not {what for what, character in HIDDEN.items() if character in text}
        assert "<system-reminder>You are" not in text
        assert "</foreign-deadbeef>" not in text
        assert "<function_results>" not in text
        assert f"\nref: {FAKE_REF}" not in text
        last = REF_LINE.search(text.split("<system-reminder>")[0].rstrip())
        assert last is not None
        assert last[1] != FAKE_REF
        nonce = re.search(r"<foreign-([0-9a-f]{8}) 'body of", text)
        assert nonce is not None
        assert text.count(f"</foreign-{nonce[1]}>") >= 1


def test_a_hostile_input_is_fenced_too(hostility: Hostility) -> None:
    """A text that comes in as a task's input reaches the model as data, and the CLI dispatches nothing in it."""
    seen = hostility.runs[INPUT]
    assert seen.result.status == "succeeded", seen.result.message
    prompt = "\n".join(texts(seen.asked[0]["messages"][0]["content"]))
    assert re.search(r"<foreign-[0-9a-f]{8} 'task input'>\n/cost\n@/etc/passwd\n", prompt)
    assert ORDERS.splitlines()[4] in prompt
    assert "<system-reminder>You are" not in prompt


@pytest.mark.parametrize(("run", "name"), SHOWN)
def test_no_escape_sequence_reaches_a_pipe(run: str, name: str, hostility: Hostility) -> None:
    """What the issue or the model says is printed as text: no control and no hidden character."""
    text = hostility.printed[run, name].decode()
    assert "evil.example" in text or "Ignore your instructions" in text
    assert not CONTROLS.search(text)
    assert not {what for what, character in HIDDEN.items() if character in text}


def test_no_escape_sequence_but_our_own_colors_reaches_a_terminal(hostility: Hostility) -> None:
    """On a terminal there are the colors that we chose, and nothing of what the model sent."""
    text = hostility.on_terminal.decode().replace("\r\n", "\n")
    assert "SUCCEEDED" in text
    assert "\x1b[5;7;41m" not in text
    text = COLORS.sub("", text)
    assert not CONTROLS.search(text)
    assert not {what for what, character in HIDDEN.items() if character in text}


def test_richs_markup_stays_text(hostility: Hostility) -> None:
    """Markup in the model's words is shown, not obeyed."""
    for run, name in (("obeys", "tail"), ("obeys", "events"), (INPUT, "tail")):
        text = "".join(hostility.printed[run, name].decode().split())
        assert "[boldred]loud[/boldred][link=https://evil.example]here[/link]:boom:" in text
