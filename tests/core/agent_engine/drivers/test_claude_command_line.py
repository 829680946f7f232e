"""The Claude driver's command line, environment and files, whole: a change here is a change of what an agent may do."""

import dataclasses
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from agent_engine.confinement.bwrap import Bubblewrap
from agent_engine.confinement.limits import MIB, Limits
from agent_engine.confinement.sandbox_paths import SandboxPaths, Target
from agent_engine.drivers.claude import engine
from agent_engine.drivers.claude.command_line import Claude
from agent_engine.engines.registry import EngineSetup
from agent_engine.errors import DriverError
from agent_engine.spec import RunSpec, ServerSpec

BUBBLEWRAP = Bubblewrap(Path("bwrap"), version="0", disk_bytes=MIB, limits=Limits(), plain_uid=False)
SPEC = RunSpec(
    task_id=UUID(int=1),
    attempt=1,
    folder=Path("/runs/1"),
    system_prompt="You triage.",
    prompt="@/etc/passwd /cost",
    model="claude-sonnet-5-5",
    model_api_url="http://127.0.0.1:3006",
    model_token="the-model-token",
    servers=(
        ServerSpec(
            name="github",
            url="http://127.0.0.1:9001",
            transport="sse",
            token="the-task-token",
            tools=("issue_read", "list_labels"),
        ),
    ),
    output_schema={"type": "object"},
    max_turns=20,
    wall_seconds=300,
    idle_seconds=120,
    session_id=UUID(int=7),
)


def paths_of(spec: RunSpec) -> SandboxPaths:
    """Lay a run out as bubblewrap does."""
    urls = [spec.model_api_url, *(server.url for server in spec.servers)]
    return BUBBLEWRAP.plan(folder=spec.folder, program=Path("/opt/claude"), urls=urls, references=spec.references)


def test_the_argument_list_is_exactly_this() -> None:
    """No setting, plugin, hook or skill loader, exact tools, no prompts, the prompts in files and on stdin."""
    assert Claude().argv(SPEC, paths_of(SPEC)) == [
        "claude",
        "-p",
        "--verbose",
        "--input-format",
        "stream-json",
        "--output-format",
        "stream-json",
        "--setting-sources",
        "",
        "--strict-mcp-config",
        "--mcp-config",
        "/run/files/mcp.json",
        "--tools",
        "",
        "--allowedTools",
        "mcp__github__issue_read,mcp__github__list_labels",
        "--permission-mode",
        "dontAsk",
        "--permission-prompts",
        "none",
        "--max-turns",
        "20",
        "--model",
        "claude-sonnet-5-5",
        "--system-prompt-file",
        "/run/files/system.txt",
        "--session-id",
        "00000000-0000-0000-0000-000000000007",
        "--json-schema",
        '{"type":"object"}',
    ]


def test_granted_built_in_tools_and_a_session_change_the_arguments() -> None:
    """Granted built-in tools are named twice, files only below the workspace; a session is resumed by its id."""
    spec = dataclasses.replace(SPEC, built_in_tools=("Bash", "Read"), resume=b"{}\n", output_schema=None)
    argv = Claude().argv(spec, paths_of(spec))

    assert argv[argv.index("--tools") + 1] == "Bash,Read"
    rules = argv[argv.index("--allowedTools") + 1]
    assert rules == "mcp__github__issue_read,mcp__github__list_labels,Bash,Read(./**),Read(//skill/**)"
    assert argv[argv.index("--resume") + 1] == "00000000-0000-0000-0000-000000000007"
    assert "--session-id" not in argv
    assert "--json-schema" not in argv
    path = ".claude/projects/-work/00000000-0000-0000-0000-000000000007.jsonl"
    assert Claude().restore(spec, paths_of(spec)) == {path: b"{}\n"}


def test_the_environment_is_exactly_this() -> None:
    """Nothing of the worker's environment, one secret: the run's model token."""
    assert Claude().env(SPEC, paths_of(SPEC)) == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/home/run",
        "TMPDIR": "/tmp",
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "CLAUDE_CONFIG_DIR": "/home/run/.claude",
        "ANTHROPIC_API_KEY": "the-model-token",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:3006",
        "API_TIMEOUT_MS": "120000",
        "CLAUDE_CODE_MAX_RETRIES": "4",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_TELEMETRY": "1",
        "ENABLE_TOOL_SEARCH": "false",
        "MCP_TIMEOUT": "10000",
        "MCP_TOOL_TIMEOUT": "60000",
    }


def test_stdin_and_files_carry_the_prompts_and_the_servers() -> None:
    """The prompt is one composed message; servers and their tokens lie in a file, never in the arguments."""
    files = Claude().files(SPEC, paths_of(SPEC))

    assert json.loads(Claude().stdin(SPEC)) == {
        "type": "user",
        "client_composed": True,
        "message": {"role": "user", "content": "@/etc/passwd /cost"},
    }
    assert json.loads(files["mcp.json"]) == {
        "mcpServers": {
            "github": {
                "type": "sse",
                "url": "http://127.0.0.1:9001/sse",
                "headers": {"Authorization": "Bearer the-task-token"},
            }
        }
    }
    assert files["system.txt"] == b"You triage."
    assert not any("token" in argument for argument in Claude().argv(SPEC, paths_of(SPEC)))


@pytest.mark.parametrize(
    ("outer", "target", "inner"),
    [
        ("http://127.0.0.1:9001", Target("127.0.0.1", 9001), "http://127.0.0.1:9001/mcp"),
        ("http://github-mcp:9001/mcp", Target("github-mcp", 9001), "http://127.0.0.1:9001/mcp"),
        (
            "https://mcp.example.org/team/mcp",
            Target("mcp.example.org", 443, tls=True),
            "http://127.0.0.1:20000/team/mcp",
        ),
        ("http://mcp:3006", Target("mcp", 3006), "http://127.0.0.1:20000/mcp"),
    ],
)
def test_an_address_keeps_its_port_inside_where_it_can(outer: str, target: Target, inner: str) -> None:
    """Inside all is loopback; low ports and ports that another address has already get one of their own."""
    spec = dataclasses.replace(SPEC, servers=(ServerSpec(name="github", url=outer, transport="http", token="t"),))
    paths = paths_of(spec)
    config: dict[str, Any] = json.loads(Claude().files(spec, paths)["mcp.json"])

    assert config["mcpServers"]["github"]["url"] == inner
    assert set(paths.openings.values()) == {Target("127.0.0.1", 3006), target}


async def test_a_cli_that_is_not_there_is_named() -> None:
    """The error names the path and the variable that sets it."""
    setup = EngineSetup(confinement=BUBBLEWRAP, environ={"CLAUDE_CLI": "/nonexistent/claude"})
    with pytest.raises(DriverError, match=r"/nonexistent/claude.*CLAUDE_CLI"):
        await engine(setup).check()


def test_a_schema_that_no_argument_holds_is_refused() -> None:
    """The kernel takes no argument of 128 KiB: that is said before anything starts."""
    spec = dataclasses.replace(SPEC, output_schema={"description": "x" * 130_000})
    with pytest.raises(DriverError, match="larger"):
        Claude().argv(spec, paths_of(spec))
