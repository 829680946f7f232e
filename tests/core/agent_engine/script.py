"""A driver for tests: a small shell script in place of an agent CLI, run like one and speaking Claude's stream-json."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_engine.confinement.sandbox_paths import SandboxPaths
from agent_engine.drivers.claude.mcp_errors import is_lost
from agent_engine.drivers.claude.stream import ClaudeStream
from agent_engine.engines.protocol import Capabilities
from agent_engine.spec import RunSpec
from service_kit.refs import append_ref, make_ref

SESSION = "session.jsonl"


@dataclass
class Script:
    """Drives a shell script.

    Attributes:
        lines: what the script of a run is.
        name: the engine's name.
        ran: the runs that were started.
    """

    lines: Callable[[RunSpec], list[str]]
    name: str = "claude"
    capabilities: Capabilities = field(default_factory=Capabilities)
    secrets: tuple[str, ...] = ()
    ran: list[RunSpec] = field(default_factory=list)

    def program(self) -> Path:
        """Give the shell."""
        return Path("/bin/sh").resolve()

    def argv(self, spec: RunSpec, paths: SandboxPaths) -> list[str]:
        """Run the script."""
        self.ran.append(spec)
        return ["sh", f"{paths.files}/script"]

    def env(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, str]:
        """Give the script what it needs, and its token."""
        return {"PATH": "/usr/bin:/bin", "HOME": paths.home, "TOKEN": spec.model_token}

    def stdin(self, spec: RunSpec) -> bytes:
        """Give nothing."""
        return b""

    def files(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, bytes]:
        """Give the script."""
        return {"script": "\n".join(self.lines(spec)).encode()}

    def restore(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, bytes]:
        """Put the session back."""
        return {SESSION: spec.resume} if spec.resume else {}

    def session_path(self, spec: RunSpec, paths: SandboxPaths) -> str:
        """Say where the session lies."""
        return SESSION

    def stream(self, spec: RunSpec) -> ClaudeStream:
        """Read stream-json."""
        return ClaudeStream(server.name for server in spec.servers)

    def lost(self, error: str) -> bool:
        """Know the errors of the Claude CLI."""
        return is_lost(error)


def say(event: dict[str, Any]) -> str:
    """Give the command that prints an event."""
    return f"printf '%s\\n' {shlex.quote(json.dumps(event))}"


def init(spec: RunSpec, status: str = "connected") -> str:
    """Say that the CLI has started, and what became of its connection to every server."""
    servers = [{"name": server.name, "status": status} for server in spec.servers]
    return say({"type": "system", "subtype": "init", "mcp_servers": servers})


def speak(text: str) -> str:
    """Say something."""
    return say({"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": text}]}})


def remember(text: str) -> str:
    """Write a line of the session."""
    return f"printf '%s\\n' {shlex.quote(json.dumps({'said': text}))} >> $HOME/{SESSION}"


def call(spec: RunSpec, key: bytes, tool: str) -> list[str]:
    """Call a tool of github, and get its reply with a ref that fits."""
    ref = ref_of(spec, key, tool)
    use = {"type": "tool_use", "id": tool, "name": f"mcp__github__{tool}", "input": {"issue": 1}}
    reply = {"type": "tool_result", "tool_use_id": tool, "content": [{"type": "text", "text": append_ref(tool, ref)}]}
    return [
        say({"type": "assistant", "message": {"id": "m", "content": [use]}}),
        say({"type": "user", "message": {"content": [reply]}}),
    ]


def fail(error: str) -> list[str]:
    """Call a tool of github, and get the CLI's own error in place of its reply."""
    use = {"type": "tool_use", "id": "fail", "name": "mcp__github__issue_read", "input": {"issue": 1}}
    reply = {"type": "tool_result", "content": error, "is_error": True, "tool_use_id": "fail"}
    return [
        say({"type": "assistant", "message": {"id": "f", "content": [use]}}),
        say({"type": "user", "message": {"content": [reply]}}),
    ]


def ref_of(spec: RunSpec, key: bytes, tool: str) -> str:
    """Give the ref of such a reply."""
    return make_ref(key, task=spec.task_id, attempt=spec.attempt, tool=f"github/{tool}", text=tool, failed=False)


def answer(refs: list[str] | None = None, **change: Any) -> str:
    """Give the answer and end."""
    claims = [{"statement": "It was read.", "refs": refs}] if refs else []
    result = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "terminal_reason": "completed",
        "num_turns": 0,
        "structured_output": {"output": {"answer": "42"}, "claims": claims},
    }
    return say({**result, **change})


def api_error(status: int) -> list[str]:
    """End as the CLI does on an API error."""
    return [answer(is_error=True, api_error_status=status, structured_output=None, result="API Error"), "exit 1"]
