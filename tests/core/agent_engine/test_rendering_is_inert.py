"""Rendering: what an agent or a stranger wrote reaches the terminal as plain text."""

import io
import json
import uuid
from datetime import UTC, datetime

import pytest
from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import Body, Finished, Started, Text, ToolCall, ToolResult, body_adapter
from agent_engine.conversation import conversation
from agent_engine.render import LiveView, result_view
from rich.console import Console

HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x1b[2J[red]not red[/red] \u202eevil\x07\x9b31m [link=http://evil]x[/link]"
TASK = uuid.UUID(int=1)


def shown(*bodies: Body) -> str:
    """Give what a terminal would be sent for some events."""
    out = io.StringIO()
    view = LiveView(
        Console(file=out, force_terminal=True, width=300, color_system="truecolor", markup=True), thinking=True
    )
    for seq, body in enumerate(bodies, 1):
        view.show(TaskEvent(task_id=TASK, attempt=1, seq=seq, at=datetime.now(UTC), body=body))
    return out.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "text", "text": HOSTILE},
        {"kind": "thinking", "text": HOSTILE},
        {"kind": "warning", "message": HOSTILE},
        {"kind": "finished", "status": HOSTILE, "message": HOSTILE},
        {"kind": "tool_result", "call_id": "1", "server": "github", "tool": HOSTILE, "ok": False, "text": HOSTILE},
        {"kind": "retry", "reason": "rate", "after_seconds": 1, "message": HOSTILE},
        {"kind": "queued", "skill": HOSTILE, "door": HOSTILE},
        {"kind": "approval", "proposal": HOSTILE, "state": HOSTILE},
    ],
)
def test_events_send_no_sequence_of_others(body: dict[str, object]) -> None:
    """Only our own colours reach the terminal: no foreign escape sequence, no markup, no bell."""
    text = shown(body_adapter.validate_python(body))
    if body["kind"] != "finished":
        assert "[red]not red[/red]" in text
    for piece in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e"):
        assert piece not in text


def test_a_conversation_sends_no_sequence_of_others() -> None:
    """Calls, answers and what is said are whole, and inert."""
    bodies = [
        Text(text=f"first\n{HOSTILE}"),
        ToolCall(call_id="1", server="github", tool="issue_read", input={"issue": 1, "title": HOSTILE}),
        ToolResult(call_id="1", server="github", tool="issue_read", ok=True, text="x" * 5000),
    ]
    events = [TaskEvent(task_id=TASK, attempt=1, seq=1, at=datetime.now(UTC), body=body) for body in bodies]
    text = "\n".join(line.plain for line in conversation(events))
    assert "the agent says\n    first\n" in text
    assert "the agent calls github/issue_read\n    {" in text
    assert "github/issue_read answers\n    " + "x" * 5000 in text
    for piece in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e"):
        assert piece not in text


def test_result_sends_no_sequence_of_others() -> None:
    """Output, claims and message of a result are inert too."""
    out = io.StringIO()
    result = TaskResult.model_validate(
        {
            "task_id": TASK,
            "status": "failed",
            "reason": "evidence",
            "message": HOSTILE,
            "output": {"text": HOSTILE},
            "claims": [{"statement": HOSTILE, "refs": ["\x1b[2Jx"]}],
            "artifacts": [{"name": HOSTILE, "bytes": 1, "sha256": "0"}],
        }
    )
    Console(file=out, force_terminal=True, width=300).print(result_view(result))
    for piece in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e"):
        assert piece not in out.getvalue()


def test_call_is_one_line_with_its_ref() -> None:
    """A tool call is one line: tool, the telling arguments first, outcome and ref."""
    text = shown(
        ToolCall(call_id="1", server="github", tool="issue_read", input={"zz": 1, "issue": 7, "repository": "a/b"}),
        ToolResult(call_id="1", server="github", tool="issue_read", ok=True, text="...", ref="k3v7q2xa"),
    )
    assert text.count("\n") == 1
    assert "repository=a/b issue=7 zz=1" in text
    assert "ref k3v7q2xa" in text


def test_failed_call_says_why() -> None:
    """A failed call shows the beginning of its error."""
    text = shown(ToolResult(call_id="1", server="github", tool="issue_read", ok=False, text="no such issue"))
    assert "failed" in text
    assert "no such issue" in text


def test_start_and_end_are_told() -> None:
    """A run's start names driver, model and confinement; its end the status."""
    text = shown(
        Started(
            worker="w1", driver="claude", model="m", confinement="bubblewrap 0.11.0", servers={"github": "sse http://x"}
        ),
        Text(text="hello"),
        Finished(status="succeeded"),
    )
    for piece in ("claude", "bubblewrap 0.11.0", "github over sse http://x", "hello", "succeeded"):
        assert piece in text


def test_json_output_is_shown_as_json() -> None:
    """An output is shown as JSON that a reader can copy."""
    out = io.StringIO()
    result = TaskResult(task_id=TASK, status="succeeded", output={"labels": ["bug"]})
    Console(file=out, width=80).print(result_view(result))
    inside = "".join(line.strip("│ \n") for line in out.getvalue().splitlines() if line.startswith("│"))
    assert json.loads(inside) == {"labels": ["bug"]}


@pytest.mark.parametrize("body", [{"kind": "finished", "status": "succeeded"}, {"kind": "text", "text": ""}])
def test_lines_end_without_a_blank(body: dict[str, object]) -> None:
    """What an event does not say leaves no blank at the line's end."""
    out = io.StringIO()
    event = TaskEvent(task_id=TASK, attempt=1, seq=1, at=datetime.now(UTC), body=body_adapter.validate_python(body))
    LiveView(Console(file=out, width=300)).show(event)
    line = out.getvalue().removesuffix("\n")
    assert line == line.rstrip() != ""
