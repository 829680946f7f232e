"""The real Claude CLI finds github-mcp connected, by both transports, without any account."""

import json
import os
from pathlib import Path

import claude_agent_sdk
import pytest
from contract.mcp.conftest import run

CLAUDE = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"

pytestmark = [pytest.mark.cli, pytest.mark.timeout(120)]


@pytest.mark.slow
async def test_claude_mcp_list_says_connected(github_mcp_url: str, tmp_path: Path) -> None:
    """`claude mcp list` says Connected for /mcp and for /sse."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "ANTHROPIC_API_KEY": "dummy",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    for transport, path in (("http", "/mcp"), ("sse", "/sse")):
        entry = json.dumps({"type": transport, "url": github_mcp_url + path})
        added = await run(str(CLAUDE), "mcp", "add-json", f"github-{transport}", entry, environ=environ, cwd=tmp_path)
        assert added.status == 0, added.err
    listed = await run(str(CLAUDE), "mcp", "list", environ=environ, cwd=tmp_path)
    for transport in ("http", "sse"):
        (line,) = [line for line in listed.out.splitlines() if line.startswith(f"github-{transport}:")]
        assert "Connected" in line, listed.out
