"""What a made-up engine can be told to play: `PLAY name` in its prompt. An engine shows each step in its own way."""

import re
from dataclasses import dataclass
from typing import Any

from agent_contracts.event import Body, Text, ToolCall, ToolResult, UsageEvent
from agent_contracts.result import Reason, Usage
from agent_engine.spec import RunSpec
from core.agent_engine.worker_place import KEY
from service_kit.refs import append_ref, make_ref


@dataclass(frozen=True)
class Step:
    """One step: an event, a pause, a line of the session, the state of its servers, the answer, or giving up."""

    event: Body | None = None
    wait: float = 0
    remember: str | None = None
    servers: dict[str, str] | None = None
    answer: Any = None
    gives_up: tuple[Reason, str] | None = None


def steps_of(spec: RunSpec, secret: str) -> list[Step]:
    """Give the steps of the play that the prompt names."""
    found = re.search(r"PLAY ([a-z-]+)", spec.prompt)
    play = found.group(1) if found else "answer"
    state = "failed" if play == "down" else "connected"
    begin = Step(servers={server.name: state for server in spec.servers})
    answer = Step(answer={"output": {"answer": "42"}, "claims": _claims(spec)})
    used = Step(event=UsageEvent(usage=Usage(input_tokens=7, output_tokens=3, turns=1)))
    plays: dict[str, list[Step]] = {
        "answer": [Step(event=Text(text="one")), *_read(spec), Step(event=Text(text="two")), used, answer],
        "give-up": [Step(remember="first"), Step(gives_up=("rate", "too many requests"))],
        "silent": [Step(event=Text(text="begun")), Step(wait=60), answer],
        "chatter": [Step(event=Text(text="on"), wait=0.2)] * 300,
        "go-on": [answer, *[Step(event=Text(text="still here"), wait=0.2)] * 300],
        "down": [answer],
        "leak": [
            Step(event=Text(text=f"key {secret}, token {spec.servers[0].token if spec.servers else '-'}")),
            Step(remember=f"key {secret}"),
            *_read(spec),
            Step(answer={"output": {"answer": secret}, "claims": _claims(spec)}),
        ],
        "remember": [Step(remember="first"), answer],
        "recall": [Step(event=Text(text=f"knows {(spec.resume or b'nothing').decode().strip()}")), answer],
    }
    return [begin, *plays[play]]


def _read(spec: RunSpec) -> list[Step]:
    """Call a tool of the first server, and get its reply with a ref that fits."""
    if not spec.servers:
        return []
    server, tool = spec.servers[0].name, "issue_read"
    reply = append_ref(tool, _ref(spec))
    return [
        Step(event=ToolCall(call_id="1", server=server, tool=tool, input={"issue": 1})),
        Step(event=ToolResult(call_id="1", server=server, tool=tool, ok=True, text=reply)),
    ]


def _claims(spec: RunSpec) -> list[dict[str, Any]]:
    return [{"statement": "It was read.", "refs": [_ref(spec)]}] if spec.servers else []


def _ref(spec: RunSpec) -> str:
    tool = f"{spec.servers[0].name}/issue_read"
    return make_ref(KEY, task=spec.task_id, attempt=spec.attempt, tool=tool, text="issue_read", failed=False)
