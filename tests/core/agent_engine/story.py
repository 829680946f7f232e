"""What can happen in an attempt, as facts for a verdict: by default everything that a success needs."""

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_contracts import EffectSummary, Grant, Mode
from agent_contracts.event import ToolResult
from agent_engine.drivers.claude.stream import ClaudeStream
from agent_engine.drivers.protocol import ProcessExit
from agent_engine.engines.cli_run import failure_of
from agent_engine.engines.outcome import RunOutcome
from agent_engine.evidence import Evidence
from agent_engine.skills.bind import Binding
from agent_engine.skills.format import Skill
from agent_engine.skills.required_effects import RequiredEffect
from agent_engine.spec import RunSpec
from agent_engine.verdict import Facts, Verdict, judge
from agent_vendors import load
from service_kit.refs import append_ref, make_ref

KEY = b"k" * 32
TASK = uuid.UUID(int=7)


def ref_of(tool: str, *, failed: bool = False, text: str = "", unavailable: bool = False) -> str:
    """Give the ref of a tool's reply, whose text is the tool's name unless given."""
    tool, text = f"github/{tool}", text or tool
    return make_ref(KEY, task=TASK, attempt=1, tool=tool, text=text, failed=failed, unavailable=unavailable)


REF = ref_of("issue_read")
ANSWER = {"output": {"answer": "42"}, "claims": [{"statement": "It was read.", "refs": [REF]}]}
SPEC = RunSpec(
    task_id=TASK,
    attempt=1,
    folder=Path(),
    system_prompt="",
    prompt="",
    model="m",
    model_api_url="",
    model_token="",
    servers=(),
    max_turns=1,
    wall_seconds=60,
    idle_seconds=10,
    session_id=TASK,
)
RESULT = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "terminal_reason": "completed",
    "num_turns": 3,
    "result": "done",
    "structured_output": ANSWER,
}
INIT = {"mcp_servers": [{"name": "github", "status": "connected"}]}


@dataclass(frozen=True)
class Story:
    """What happened in an attempt; by default everything that a success needs.

    Attributes:
        forged: whether the read really failed, whatever its event says.
        lost: the servers that were gone at the end.
        outage: the error of one more call, to which the vendor gave no answer.
        required: the entry of `required-effects`, bound.
    """

    returncode: int | None = 0
    ended_by: Any = "exit"
    init: dict[str, Any] | None = field(default_factory=lambda: INIT)
    result: dict[str, Any] | None = field(default_factory=lambda: RESULT)
    stderr: str = ""
    read: bool = True
    read_ok: bool = True
    read_text: str = "issue_read"
    forged: bool = False
    denied: bool = False
    required: str = "github/issue_write[labels]@octocat/hello-world#1"
    effect: str | None = "done"
    effect_tool: str = "issue_write"
    effect_target: str = "octocat/hello-world#1"
    effect_fields: tuple[str, ...] = ("labels",)
    mode: Mode = Mode.write
    words: str | None = None
    lost: dict[str, str] = field(default_factory=dict)
    outage: str | None = None

    def outcome(self) -> RunOutcome:
        """Give how its run ended, as the Claude driver reads it."""
        stream = ClaudeStream(["github"])
        for kind, event in (({"type": "system", "subtype": "init"}, self.init), ({"type": "result"}, self.result)):
            if event is not None:
                stream.parse(json.dumps({**event, **kind}).encode())
        end = ProcessExit(returncode=self.returncode, stderr_tail=self.stderr)
        return RunOutcome(
            ended_by=self.ended_by,
            failure=failure_of(stream, end, self.ended_by, SPEC),
            answer=stream.answer,
            servers=stream.servers or {},
        )

    def verdict(self, skill: Skill) -> Verdict:
        """Judge the story."""
        evidence = Evidence(key=KEY, task=TASK, attempt=1)
        if self.read or self.denied:
            ok = self.read_ok and not self.denied
            evidence.observe(
                ToolResult(
                    call_id="1",
                    server="github",
                    tool="issue_read",
                    ok=ok,
                    denied=self.denied,
                    text=append_ref(
                        self.read_text,
                        ref_of("issue_read", failed=self.forged or not ok, text=self.read_text),
                    ),
                )
            )
        if self.outage is not None:
            evidence.observe(
                ToolResult(
                    call_id="2",
                    server="github",
                    tool="search_issues",
                    ok=False,
                    text=append_ref(
                        self.outage,
                        ref_of("search_issues", failed=True, text=self.outage, unavailable=True),
                    ),
                )
            )
        effects = []
        if self.effect is not None:
            effects.append(
                EffectSummary.model_validate(
                    {
                        "id": uuid.UUID(int=1),
                        "attempt": 1,
                        "vendor": "github",
                        "tool": self.effect_tool,
                        "route": "issues.update",
                        "target": self.effect_target,
                        "fields": self.effect_fields,
                        "state": self.effect,
                    }
                )
            )
        required = RequiredEffect.parse(self.required)
        run = self.outcome()
        binding = Binding(
            grants={"github": Grant(tools=["issue_read"], mode=self.mode)},
            vendors=load(["github"]),
            allowed_tools={},
            required=() if self.mode is Mode.read else (required,),
            withheld=(required.tool,) if self.mode is Mode.read else (),
        )
        return judge(
            Facts(
                run=run,
                skill=skill,
                binding=binding,
                evidence=evidence,
                effects=effects,
                words=self.words,
                lost=self.lost,
            )
        )


def told(**change: Any) -> dict[str, Any]:
    """Give the CLI's last word with something otherwise."""
    return {**RESULT, **change}


def answered(**change: Any) -> dict[str, Any]:
    """Give the CLI's last word with another answer."""
    return told(structured_output={**ANSWER, **change})


def api_error(status: int) -> dict[str, Any]:
    """Give the CLI's last word on an API error: `subtype` says success."""
    return told(is_error=True, api_error_status=status, structured_output=None, result="API Error")


def failed(message: str) -> dict[str, Any]:
    """Give the CLI's last word on an error that it names in words alone."""
    return told(is_error=True, structured_output=None, result=message)
