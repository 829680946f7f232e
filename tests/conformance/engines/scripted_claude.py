"""A script in place of the Claude CLI: it shows each step of a play as the CLI would, in stream-json."""

import json
import shlex
from pathlib import Path
from typing import Any

from agent_contracts.event import Body, Text, ToolCall, ToolResult, UsageEvent
from agent_engine.spec import RunSpec
from conformance.engines.plays import Step, steps_of

STATUS = {"rate": 429}
SESSION = '"$CLAUDE_CONFIG_DIR/projects/$(pwd | tr / -)"'


def write(program: Path, spec: RunSpec) -> None:
    """Write the program that plays what a run's prompt names; what it may leak is the run's own token."""
    lines = [line for step in steps_of(spec, spec.model_token) for line in _shell(step, spec)]
    program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    program.chmod(0o755)


def _shell(step: Step, spec: RunSpec) -> list[str]:
    lines = []
    if step.servers is not None:
        servers = [{"name": name, "status": state} for name, state in step.servers.items()]
        lines.append(_say(type="system", subtype="init", mcp_servers=servers))
    if step.event is not None:
        lines.append(_say(**_event(step.event)))
    if step.remember is not None:
        kept = f"printf '%s\\n' {shlex.quote(json.dumps(step.remember))} >> {SESSION}/{spec.session_id}.jsonl"
        lines.append(f"mkdir -p {SESSION} && {kept}")
    if step.wait:
        lines.append(f"sleep {step.wait}")
    if step.gives_up is not None:
        reason, message = step.gives_up
        told = _say(type="result", subtype="success", is_error=True, api_error_status=STATUS[reason], result=message)
        lines += [told, "exit 1"]
    if step.answer is not None:
        said = _say(type="result", is_error=False, terminal_reason="completed", structured_output=step.answer)
        lines += [said, "exit 0"]
    return lines


def _say(**event: Any) -> str:
    return f"printf '%s\\n' {shlex.quote(json.dumps(event))}"


def _event(body: Body) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    usage = None
    match body:
        case Text(text=text):
            content = [{"type": "text", "text": text}]
        case ToolCall():
            name = f"mcp__{body.server}__{body.tool}"
            content = [{"type": "tool_use", "id": body.call_id, "name": name, "input": body.input}]
        case ToolResult():
            block = {"type": "tool_result", "tool_use_id": body.call_id, "is_error": not body.ok, "content": body.text}
            return {"type": "user", "message": {"content": [block]}}
        case UsageEvent():
            usage = {"input_tokens": body.usage.input_tokens, "output_tokens": body.usage.output_tokens}
    return {"type": "assistant", "message": {"id": "m", "content": content, "usage": usage}}
