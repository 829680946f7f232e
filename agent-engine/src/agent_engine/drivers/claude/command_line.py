"""The driver of the Claude CLI: its hardened command line, its environment, its files and its session."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from agent_stores.binaries import wheel_folder

from agent_engine.confinement.sandbox_paths import SandboxPaths
from agent_engine.drivers.claude.mcp_errors import is_lost
from agent_engine.drivers.claude.stream import ClaudeStream, tool_name
from agent_engine.engines.cli_engine import MOST_ARGUMENT_BYTES
from agent_engine.engines.protocol import Capabilities
from agent_engine.errors import DriverError
from agent_engine.spec import RunSpec, ServerSpec

MCP_FILE = "mcp.json"
SYSTEM_FILE = "system.txt"
CONFIG = ".claude"
RULES = {
    "Read": ("Read(./**)", "Read(//skill/**)"),
    "Grep": ("Grep",),
    "Glob": ("Glob",),
    "Write": ("Edit(./**)",),
    "Edit": ("Edit(./**)",),
    "Bash": ("Bash",),
}
"""What --allowedTools says for a built-in tool: comfort only, the confinement is the boundary."""
CAPABILITIES = Capabilities(tools=frozenset(RULES))


@dataclass(frozen=True, kw_only=True)
class Claude:
    """Drives the CLI as a raw subprocess.

    Attributes:
        executable: the CLI; None takes the one in the pinned wheel.
        max_retries: how often the CLI asks model-api again; the queue owns the long waits.
        api_timeout_seconds: how long the CLI waits for an answer of model-api to begin.
        mcp_timeout_seconds: how long a server may take to connect.
        tool_timeout_seconds: how long a tool may take; longer than the server's own limit.
    """

    executable: Path | None = None
    max_retries: int = 4
    api_timeout_seconds: float = 120
    mcp_timeout_seconds: float = 10
    tool_timeout_seconds: float = 60
    name: str = "claude"
    capabilities: Capabilities = CAPABILITIES
    secrets: tuple[str, ...] = ()

    def program(self) -> Path:
        """Find the CLI. Raises DriverError when it is not there."""
        wheel = wheel_folder("claude_agent_sdk")
        found = self.executable or (wheel / "_bundled" / "claude" if wheel else None)
        if found is None:
            raise DriverError(
                "the Claude CLI is not installed: install agent-bot-engine[claude], or set CLAUDE_CLI to its path"
            )
        if not (found.is_file() and os.access(found, os.X_OK)):
            raise DriverError(f"the Claude CLI {found} is not an executable file: set CLAUDE_CLI to its path")
        return found.resolve()

    def argv(self, spec: RunSpec, paths: SandboxPaths) -> list[str]:
        """Give the hardened command line: no setting, plugin, hook or skill loader, exact tools, no prompts."""
        session = ("--resume" if spec.resume else "--session-id", str(spec.session_id))
        return [
            *("claude", "-p", "--verbose", "--input-format", "stream-json", "--output-format", "stream-json"),
            *("--setting-sources", "", "--strict-mcp-config", "--mcp-config", f"{paths.files}/{MCP_FILE}"),
            *("--tools", ",".join(spec.built_in_tools)),
            *_allowed(spec),
            *("--permission-mode", "dontAsk", "--permission-prompts", "none"),
            *("--max-turns", str(spec.max_turns), "--model", spec.model),
            *("--system-prompt-file", f"{paths.files}/{SYSTEM_FILE}"),
            *session,
            *_schema(spec),
        ]

    def env(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, str]:
        """Give the whole environment; the run's model token is its only secret."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": paths.home,
            "TMPDIR": paths.temp,
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "CLAUDE_CONFIG_DIR": f"{paths.home}/{CONFIG}",
            "ANTHROPIC_API_KEY": spec.model_token,
            "ANTHROPIC_BASE_URL": paths.inner(spec.model_api_url),
            "API_TIMEOUT_MS": _milliseconds(self.api_timeout_seconds),
            "CLAUDE_CODE_MAX_RETRIES": str(self.max_retries),
            "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_TELEMETRY": "1",
            "ENABLE_TOOL_SEARCH": "false",
            "MCP_TIMEOUT": _milliseconds(self.mcp_timeout_seconds),
            "MCP_TOOL_TIMEOUT": _milliseconds(self.tool_timeout_seconds),
        }

    def stdin(self, spec: RunSpec) -> bytes:
        """Give the prompt as a message in which nothing is expanded (`client_composed`)."""
        message = {"role": "user", "content": spec.prompt}
        return json.dumps({"type": "user", "client_composed": True, "message": message}).encode() + b"\n"

    def files(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, bytes]:
        """Give the MCP configuration, with the run's tokens, and the system prompt."""
        servers = {server.name: _server(server, paths) for server in spec.servers}
        return {
            MCP_FILE: json.dumps({"mcpServers": servers}).encode(),
            SYSTEM_FILE: spec.system_prompt.encode(),
        }

    def restore(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, bytes]:
        """Put the session where `--resume` finds it."""
        return {self.session_path(spec, paths): spec.resume} if spec.resume else {}

    def session_path(self, spec: RunSpec, paths: SandboxPaths) -> str:
        """Say where the session lies: a JSONL under a folder named for the working directory."""
        return f"{CONFIG}/projects/{re.sub(r'[^A-Za-z0-9]', '-', paths.work)}/{spec.session_id}.jsonl"

    def stream(self, spec: RunSpec) -> ClaudeStream:
        """Make a reader of its stream-json."""
        return ClaudeStream(server.name for server in spec.servers)

    def lost(self, error: str) -> bool:
        """Know its errors by their words; they are not marked otherwise."""
        return is_lost(error)


def _allowed(spec: RunSpec) -> tuple[str, ...]:
    rules = [tool_name(server.name, tool) for server in spec.servers for tool in server.tools]
    for tool in spec.built_in_tools:
        rules += RULES.get(tool, (tool,))
    return ("--allowedTools", ",".join(dict.fromkeys(rules))) if rules else ()


def _schema(spec: RunSpec) -> tuple[str, ...]:
    if spec.output_schema is None:
        return ()
    schema = json.dumps(spec.output_schema, separators=(",", ":"))
    if len(schema.encode()) > MOST_ARGUMENT_BYTES:
        raise DriverError(f"the output schema is larger than the {MOST_ARGUMENT_BYTES} bytes that the CLI takes")
    return ("--json-schema", schema)


def _server(server: ServerSpec, paths: SandboxPaths) -> dict[str, object]:
    url = paths.inner(server.url)
    if urlsplit(url).path in ("", "/"):
        url = url.rstrip("/") + ("/sse" if server.transport == "sse" else "/mcp")
    return {"type": server.transport, "url": url, "headers": {"Authorization": f"Bearer {server.token}"}}


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
