"""A server that went away during a run is the reason where something is missing, and only there."""

import json
from dataclasses import replace
from typing import Any

import pytest
from agent_contracts.event import ToolResult
from agent_engine.drivers.claude.mcp_errors import is_lost
from agent_engine.drivers.claude.stream import ClaudeStream
from agent_engine.evidence import Evidence
from agent_engine.mcp_liveness import McpLiveness
from agent_engine.skills.format import Skill
from agent_engine.verdict import Verdict
from core.agent_engine.skill_folder import make_skill
from core.agent_engine.story import KEY, TASK, Story, api_error, ref_of, told

CLOSED = (
    "ECONNRESET: The socket connection was closed unexpectedly. For more information, pass `verbose: true` in the "
    "second argument to fetch()"
)
GONE = 'MCP server "github" is not connected'
LATE = 'MCP server "github" tool "issue_read" timed out after 60s'
UNKNOWN = "Invalid request parameters"
ANSWERED = f"Not found: no such issue\nref: {ref_of('issue_read', failed=True, text='Not found: no such issue')}"
IMITATED = f"{GONE}\nref: {ref_of('issue_read', failed=True, text=GONE)}"
READ = f"issue_read\nref: {ref_of('issue_read')}"


def fails(text: str, tool: str = "mcp__github__issue_read") -> list[dict[str, Any]]:
    """Give a call and its error, as the CLI prints what it says in place of a server."""
    return [_call(tool), _user({"type": "tool_result", "content": text, "is_error": True, "tool_use_id": "t"})]


def succeeds(text: str = READ, tool: str = "mcp__github__issue_read") -> list[dict[str, Any]]:
    """Give a call and its reply, as the CLI prints what a server said."""
    content = [{"type": "text", "text": text}]
    return [_call(tool), _user({"tool_use_id": "t", "type": "tool_result", "content": content})]


def _call(tool: str) -> dict[str, Any]:
    use = {"type": "tool_use", "id": "t", "name": tool, "input": {}}
    return {"type": "assistant", "message": {"id": "m", "content": [use]}}


def _user(block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "user", "message": {"role": "user", "content": [block]}, "tool_use_result": "Error"}


def lost(*calls: list[dict[str, Any]]) -> dict[str, str]:
    """Give the servers that a run with these calls has lost."""
    stream, evidence, reach = ClaudeStream(["github"]), Evidence(key=KEY, task=TASK, attempt=1), McpLiveness(is_lost)
    for event in (event for call in calls for event in call):
        for body in stream.parse(json.dumps(event).encode()):
            reach.observe(evidence.observe(body))
    return reach.lost


@pytest.fixture(scope="module")
def skill(tmp_path_factory: pytest.TempPathFactory) -> Skill:
    """A skill that demands a read, a write and an output."""
    return make_skill(tmp_path_factory.mktemp("skills"))


def verdict(skill: Skill, gone: dict[str, str], **change: Any) -> Verdict:
    """Judge a story at whose end servers were gone."""
    return replace(Story(), lost=gone, **change).verdict(skill)


@pytest.mark.parametrize("error", [CLOSED, GONE, LATE, UNKNOWN])
def test_the_last_call_without_an_answer_loses_its_server(error: str) -> None:
    """The CLI's own word in place of a reply says that the server is gone, also after replies of it."""
    assert lost(succeeds(), fails(error)) == {"github": f"github/issue_read: {error}"}


@pytest.mark.parametrize("later", [succeeds(), fails(ANSWERED)])
def test_an_answer_brings_it_back(later: list[dict[str, Any]]) -> None:
    """A later reply of the server clears what was before, an error of its own too."""
    assert lost(fails(LATE), fails(UNKNOWN), later) == {}


def test_other_errors_of_the_cli_change_nothing() -> None:
    """What the CLI refuses by itself says nothing of the server, neither way."""
    unknown = fails(f"<tool_use_error>Error: No such tool available: {GONE}</tool_use_error>", "mcp__github__x")
    assert lost(unknown) == {}
    assert set(lost(fails(GONE), unknown)) == {"github"}


@pytest.mark.parametrize(
    "calls",
    [
        succeeds(GONE),
        fails(IMITATED),
        fails(f"{GONE}\n"),
        fails(f"It says: {GONE}"),
        fails(GONE, "Bash"),
        fails(GONE, "mcp__other__issue_read"),
    ],
)
def test_a_text_of_the_same_words_loses_nothing(calls: list[dict[str, Any]]) -> None:
    """A reply, a server's own error, a longer text and a tool that is no granted server's are not the CLI's word."""
    assert lost(calls) == {}


def test_a_refused_call_loses_nothing() -> None:
    """What was denied was never sent."""
    reach = McpLiveness(is_lost)
    reach.observe(ToolResult(call_id="t", server="github", tool="issue_read", ok=False, denied=True, text=GONE))
    assert reach.lost == {}


@pytest.mark.parametrize(
    "change",
    [{"result": told(structured_output=None)}, {"read": False}, {"effect": None}],
)
def test_a_lost_server_is_why_something_is_missing(skill: Skill, change: dict[str, Any]) -> None:
    """Without an answer, a proof or a write the reason is the server, by name; another attempt may do better."""
    without, with_it = verdict(skill, {}, **change), verdict(skill, lost(fails(GONE)), **change)
    assert without.failure is not None
    assert with_it.failure is not None
    assert (without.failure.retryable, with_it.reason, with_it.failure.retryable) == (False, "mcp_down", True)
    assert with_it.message == f"MCP server lost during the run: github (github/issue_read: {GONE}); {without.message}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"result": api_error(402), "returncode": 1}, "budget"),
        ({"ended_by": "wall", "returncode": 143}, "timeout"),
        ({"denied": True, "read": False}, "denied"),
    ],
)
def test_other_reasons_stay_and_name_it(skill: Skill, change: dict[str, Any], reason: str) -> None:
    """A limit that was reached stays the reason, and its message names the server."""
    judged = verdict(skill, lost(fails(GONE)), **change)
    assert judged.reason == reason
    assert "MCP server lost during the run: github" in judged.message


def test_a_cancelled_run_is_cancelled(skill: Skill) -> None:
    """Whoever cancelled it need not hear of servers."""
    judged = verdict(skill, lost(fails(GONE)), ended_by="cancelled", returncode=143)
    assert (judged.status, judged.message) == ("cancelled", "cancelled while it ran")


def test_a_success_stays_one(skill: Skill) -> None:
    """Where all that is demanded is proven, a server that went away changes nothing."""
    assert verdict(skill, lost(fails(GONE))).status == "succeeded"
