"""The Claude driver's reader: stream-json into events, and nothing that a line holds can break it."""

import json
from typing import Any

import pytest
from agent_contracts.event import RetryEvent, Text, ToolCall, ToolResult, UsageEvent, body_adapter
from agent_contracts.event import Warning as WarningEvent
from agent_contracts.result import Reason
from agent_engine.drivers.claude.failures import reason_of
from agent_engine.drivers.claude.stream import ClaudeStream
from agent_engine.drivers.protocol import ProcessExit
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("message", "content", "tool_result_meta", "usage", "mcp_servers", "error_status", "retry_delay_ms", "num_turns")
LIKE_EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["system", "assistant", "user", "result"])},
    optional={
        "subtype": st.sampled_from(["init", "api_retry", "permission_denied", "informational", "new"]),
        **dict.fromkeys(KEYS, JSON),
    },
)


def line(**event: Any) -> bytes:
    """Write an event as the CLI does."""
    return json.dumps(event).encode()


def call(call_id: str, name: str) -> bytes:
    """A tool call of the assistant."""
    block = {"type": "tool_use", "id": call_id, "name": name, "input": {"a": 1}}
    return line(type="assistant", message={"id": "m", "content": [block]})


def result(call_id: str, **block: Any) -> bytes:
    """A tool's result."""
    return line(type="user", message={"content": [{"type": "tool_result", "tool_use_id": call_id, **block}]})


@pytest.mark.slow
@pytest.mark.bad_input
@given(
    st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()) | LIKE_EVENTS.map(lambda e: line(**e))
)
def test_no_line_breaks_the_reader(content: bytes) -> None:
    """Noise, unknown events and known events of another shape give events or nothing, never an error."""
    stream = ClaudeStream(["github"])
    stream.parse(content)
    stream.parse(content)


@pytest.mark.bad_input
@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"type": "system", "tools": ' + b'{"a":' * 200_000])
def test_a_line_nested_too_deeply_is_noise(content: bytes) -> None:
    """A line that cannot be read for its depth gives nothing, and the next one is read."""
    stream = ClaudeStream([])
    assert stream.parse(content) == []
    assert stream.parse(line(type="system", subtype="api_retry", retry_delay_ms=1000)) != []


NO_NUMBERS = ["Infinity", "-Infinity", "NaN", "-5", "1e400", "-1e400", "true", '"5"', "9" * 400, "1e300"]


@pytest.mark.bad_input
@pytest.mark.parametrize("number", NO_NUMBERS)
def test_what_is_no_usable_number_counts_as_none(number: str) -> None:
    """Infinite, negative, endless and missing numbers become 0: what is kept can be written and read again."""
    stream = ClaudeStream([])
    retry = f'{{"type": "system", "subtype": "api_retry", "retry_delay_ms": {number}}}'
    used = f'{{"type": "result", "usage": {{"input_tokens": {number}, "output_tokens": 2}}}}'
    [waits] = stream.parse(retry.encode())
    [usage] = stream.parse(used.encode())
    assert isinstance(waits, RetryEvent)
    assert isinstance(usage, UsageEvent)
    assert waits.after_seconds == 0
    assert (usage.usage.input_tokens, usage.usage.output_tokens) == (0, 2)
    for body in (waits, usage):
        assert body_adapter.validate_json(body.model_dump_json()) == body


def test_tool_names_are_split_by_the_runs_servers() -> None:
    """A server's name may hold the separator; built-in tools have no server."""
    stream = ClaudeStream(["git", "git__hub"])
    named = [
        (body.server, body.tool)
        for name in ("mcp__git__hub__read", "mcp__git__read__all", "mcp__other__read", "Bash")
        for body in stream.parse(call(name, name))
        if isinstance(body, ToolCall)
    ]
    assert named == [("git__hub", "read"), ("git", "read__all"), (None, "mcp__other__read"), (None, "Bash")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a\r\n b \u200b\nref: abcdefgh", "a\r\n b \u200b\nref: abcdefgh"),
        ([{"type": "text", "text": "one\n"}, {"type": "image"}, {"type": "text", "text": "two"}], "one\ntwo"),
        (None, ""),
    ],
)
def test_a_results_text_is_taken_as_it_is(content: object, text: str) -> None:
    """Refs are computed over the text: not a character may change."""
    stream = ClaudeStream(["github"])
    stream.parse(call("1", "mcp__github__issue_read"))
    assert stream.parse(result("1", content=content)) == [
        ToolResult(call_id="1", server="github", tool="issue_read", ok=True, text=text)
    ]


def test_errors_and_denials_are_told_apart() -> None:
    """A failed call is not ok; one that the CLI did not allow is denied too, however it says so."""
    stream = ClaudeStream(["github"])
    for call_id in ("failed", "denied", "decided"):
        stream.parse(call(call_id, "mcp__github__issue_read"))
    stream.parse(line(type="system", subtype="permission_denied", tool_use_id="denied"))
    decided = json.loads(result("decided", is_error=True, content="no"))
    decided["tool_result_meta"] = [{"id": "decided", "permission_decision": {"decision": "reject"}}]
    bodies = [
        *stream.parse(result("failed", is_error=True, content="no")),
        *stream.parse(result("denied", is_error=True, content="no")),
        *stream.parse(line(**decided)),
    ]
    assert [(body.ok, body.denied) for body in bodies if isinstance(body, ToolResult)] == [
        (False, False),
        (False, True),
        (False, True),
    ]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "auth"),
        (403, "auth"),
        (402, "budget"),
        (429, "rate"),
        (529, "overloaded"),
        (500, "server"),
        (None, "timeout"),
    ],
)
def test_retries_say_why_and_when(status: int | None, reason: Reason) -> None:
    """Each announced wait is an event with its reason and its seconds."""
    told = line(type="system", subtype="api_retry", attempt=1, max_retries=4, retry_delay_ms=600, error_status=status)
    [body] = ClaudeStream([]).parse(told)
    assert isinstance(body, RetryEvent)
    assert (body.reason, body.after_seconds) == (reason, 0.6)
    assert reason_of(status) == reason


def test_the_last_result_and_the_first_words_are_kept() -> None:
    """A run may print two results: the last one counts, but for its turns; an unconnected server is a warning."""
    stream = ClaudeStream(["github"])
    servers = [{"name": "github", "status": "failed"}]
    assert stream.parse(line(type="system", subtype="init", mcp_servers=servers)) == [
        WarningEvent(message="MCP server github is failed")
    ]
    stream.parse(line(type="result", subtype="success", result="first"))
    [usage] = stream.parse(
        line(type="result", result="last", num_turns=3, usage={"input_tokens": 5, "output_tokens": 2})
    )
    assert isinstance(usage, UsageEvent)
    assert (usage.usage.input_tokens, usage.usage.output_tokens, usage.usage.turns) == (5, 2, 0)
    assert stream.servers == {"github": "failed"}
    failure = stream.failure(ProcessExit(returncode=1))
    assert failure is not None
    assert failure.message.endswith(": last")


def test_giving_the_answer_is_no_tool() -> None:
    """The tool by which the CLI takes the answer is not shown as one; an answer that it did not take is a warning."""
    stream = ClaudeStream([])
    assert stream.parse(call("a", "StructuredOutput")) == []
    [told] = stream.parse(result("a", is_error=True, content="no output"))
    assert told == WarningEvent(message="the CLI did not take the answer: no output")
    stream.parse(call("b", "StructuredOutput"))
    assert stream.parse(result("b", content="taken")) == []


def test_it_has_answered_until_it_speaks_again() -> None:
    """A result is the CLI's last word unless another message follows, as after a background task."""
    stream = ClaudeStream([])
    assert not stream.answered
    stream.parse(line(type="result", structured_output={"a": 1}))
    assert (stream.answered, stream.answer) == (True, {"a": 1})
    stream.parse(line(type="assistant", message={"id": "m", "content": []}))
    assert not stream.answered


def test_usage_is_counted_once_a_message() -> None:
    """Each block of a message repeats the message's usage: it counts once."""
    stream = ClaudeStream([])
    blocks = [
        line(
            type="assistant", message={"id": m, "content": [{"type": "text", "text": t}], "usage": {"input_tokens": 10}}
        )
        for m, t in (("1", "a"), ("1", "b"), ("2", "c"))
    ]
    bodies = [body for block in blocks for body in stream.parse(block)]
    assert [body.text for body in bodies if isinstance(body, Text)] == ["a", "b", "c"]
    assert [body.usage.input_tokens for body in bodies if isinstance(body, UsageEvent)] == [10, 20]


def test_what_the_cli_made_up_is_not_the_agents_word() -> None:
    """A message that no model wrote, as the CLI shows an API error, is a warning, and no turn."""
    content = [{"type": "text", "text": "API Error: 402 too little"}]
    message = {"id": "m", "model": "<synthetic>", "content": content, "usage": {"input_tokens": 0}}
    made_up = line(type="assistant", message=message)
    assert ClaudeStream([]).parse(made_up) == [WarningEvent(message="API Error: 402 too little")]
