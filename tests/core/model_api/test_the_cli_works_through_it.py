"""The real Claude CLI asks the stand-in through model-api, as in a run: scrubbed, with a model token for a key."""

import asyncio
import json
from pathlib import Path
from typing import Any

import claude_agent_sdk
import pytest
from agent_contracts import Budget
from agent_effects import spent
from core.model_api.house import MODEL, House

CLI = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
SCHEMA = {"type": "object", "properties": {"output": {}, "claims": {}}, "required": ["output", "claims"]}
LINE_BYTES = 16 * 2**20

pytestmark = [
    pytest.mark.cli,
    pytest.mark.skipif(
        not CLI.exists(), reason="the Claude CLI is missing: install the extra agent-bot-engine[claude]"
    ),
]


async def run_cli(api: House, folder: Path, token: str, prompt: str) -> tuple[int | None, dict[str, Any]]:
    """Run the CLI to its end and give its exit status and its last result."""
    arguments = [
        "-p",
        "--input-format",
        "stream-json",
        "--output-format",
        "stream-json",
        "--verbose",
        "--strict-mcp-config",
        "--model",
    ]
    arguments += [MODEL, "--setting-sources", "", "--tools", "Read", "--allowedTools", "Read(./**)"]
    arguments += ["--json-schema", json.dumps(SCHEMA), "--append-system-prompt", "Skill: sample"]
    message = {"type": "user", "client_composed": True, "message": {"role": "user", "content": prompt}}
    process = await asyncio.create_subprocess_exec(
        CLI,
        *arguments,
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "CLAUDE_CONFIG_DIR": str(folder / "config"),
            "ANTHROPIC_API_KEY": token,
            "ANTHROPIC_BASE_URL": api.url,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "2",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "LANG": "C.UTF-8",
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LINE_BYTES,
        start_new_session=True,
    )
    out, _ = await process.communicate(json.dumps(message).encode() + b"\n")
    events = [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]
    return process.returncode, [event for event in events if event["type"] == "result"][-1]


@pytest.mark.slow
async def test_a_run_with_a_tool_and_an_answer(api: House, tmp_path: Path) -> None:
    """Thinking, a tool call, its result and structured output pass, and what was used is recorded for the task."""
    (tmp_path / "notes.txt").write_text("The answer is forty-two.\n")
    read = {"tool": "Read", "input": {"file_path": str(tmp_path / "notes.txt")}}
    await api.put(
        "reads",
        {
            "steps": [
                {"thinking": "A file may know.", "text": "I read it.", **read},
                {"structured": {"output": "{{ find('is ([a-z-]+)', results.Read[0]) }}", "claims": []}},
            ]
        },
    )
    status, result = await run_cli(api, tmp_path, api.token(), "SCENARIO:reads")
    assert (status, result["is_error"], result["structured_output"]) == (
        0,
        False,
        {"output": "forty-two", "claims": []},
    )
    assert {seen["status"] for seen in await api.upstream_seen()} == {200}
    paid = await api.paid(2)
    assert paid.usage.output_tokens == result["usage"]["output_tokens"]


@pytest.mark.slow
async def test_a_used_up_budget_ends_the_run(api: House, tmp_path: Path) -> None:
    """The CLI gives up at once on a 402 and says so, without having asked the vendor."""
    status, result = await run_cli(api, tmp_path, api.token(budget=Budget(usd="0")), "SCENARIO:text")
    assert (status, result["is_error"], result["api_error_status"]) == (1, True, 402)
    assert "budget.usd" in result["result"]
    assert await api.upstream_seen() == []
    assert (await spent(api.pool, api.run.task)).requests == 0
