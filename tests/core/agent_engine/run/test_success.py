"""A run from start to exit with the real CLI, confined, over both transports."""

from typing import Any, Literal

import pytest
from agent_contracts.event import Text, Thinking, ToolCall, UsageEvent
from agent_contracts.event import Warning as WarningEvent

pytestmark = pytest.mark.cli


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["sse", "http"])
async def test_a_run_calls_its_server_and_gives_its_output(
    transport: Literal["sse", "http"], spec: Any, start: Any, told: Any, lab: Any
) -> None:
    """The CLI reaches its server with the task token, and the worker hears every step."""
    end = await start(spec("PLAY lookup", transport=transport))

    assert (end.ended_by, end.failure) == ("exit", None)
    assert end.servers == {"lab": "connected"}
    assert b'"tools":["StructuredOutput","mcp__lab__erase","mcp__lab__lookup"]' in end.transcript
    assert end.answer == {"output": {"answer": "42"}, "claims": []}
    assert lab.asked == [("INC-42", "Bearer task-token-of-this-run-0123456789")]
    call, result = told.calls("lookup")[0], told.results("lookup")[0]
    assert (call.server, call.input) == ("lab", {"key": "INC-42"})
    assert (result.call_id, result.server, result.ok, result.denied) == (call.call_id, "lab", True, False)
    assert result.text == "Key INC-42: all is well\nref: abcdefgh"
    kinds = [type(body) for body in told.events]
    assert kinds.index(Thinking) < kinds.index(Text) < kinds.index(ToolCall)
    usage = next(body for body in reversed(told.events) if isinstance(body, UsageEvent)).usage
    assert usage.requests == 2
    assert usage.tool_calls == 1
    assert end.confinement.startswith("bubblewrap ")
    assert end.session is not None
    assert end.session.count(b"\n") >= 4
    assert b'"type":"result"' in end.transcript


@pytest.mark.slow
async def test_nothing_in_the_prompts_is_expanded(spec: Any, start: Any, asked_of_model: Any) -> None:
    """`@file`, `!command` and `/command` in prompt and system prompt reach the model as they are."""
    hostile = "@/etc/passwd and @/run/files/mcp.json\n!`id`\n$ARGUMENTS"
    long = "x" * 200_000
    end = await start(spec(f"/cost {hostile} PLAY talk", system_prompt=f"Skill: trial\n{hostile}\n{long}"))

    assert end.answer["output"] == {"answer": "talked"}
    request = (await asked_of_model())[0]
    assert request["messages"][0]["content"] == f"/cost {hostile} PLAY talk"
    assert request["system"][-1]["text"].strip() == f"Skill: trial\n{hostile}\n{long}"
    everything = str(request)
    assert "run:x:1000" not in everything
    assert "uid=1000" not in everything
    assert "task-token" not in everything


@pytest.mark.slow
async def test_a_tool_outside_the_grant_is_denied_and_said_so(spec: Any, start: Any, told: Any, lab: Any) -> None:
    """A tool of a granted server that is not among the allowed tools is never called; its result says denied."""
    end = await start(spec("PLAY erase"))

    result = told.results("erase")[0]
    assert (result.server, result.ok, result.denied) == ("lab", False, True)
    assert lab.asked == []
    assert end.failure is None


@pytest.mark.slow
async def test_a_dead_server_ends_the_run_before_the_model_is_asked(
    spec: Any, start: Any, told: Any, lab: Any, asked_of_model: Any
) -> None:
    """A server that does not answer is a warning, and the end of the run; the CLI may have asked once by then."""
    lab.url = "http://127.0.0.1:9"
    end = await start(spec("PLAY talk"))

    assert (end.ended_by, end.failure.reason, end.failure.retryable) == ("mcp_down", "mcp_down", True)
    assert end.servers == {"lab": "failed"}
    assert WarningEvent(message="MCP server lab is failed") in told.events
    assert len(await asked_of_model()) <= 1
