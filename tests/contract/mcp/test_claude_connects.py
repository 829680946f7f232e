"""The real Claude CLI finds github-mcp connected, by both transports, without any account."""

import json
import os
import shlex
from pathlib import Path

import claude_agent_sdk
import pytest
from contract.mcp.conftest import run
from fixtures.serving import served_by_thread
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import build_app
from service_kit.settings import load

CLAUDE = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"

README = Path(__file__).parents[3] / "mcp-servers" / "github" / "README.md"

pytestmark = [pytest.mark.cli, pytest.mark.timeout(120)]


@pytest.mark.slow
async def test_claude_sends_a_token_of_ones_own(tmp_path: Path) -> None:
    """The README's line with a token header connects the real CLI to a server that has no token itself."""
    (line,) = [
        line for line in README.read_text().splitlines() if line.startswith("claude mcp add") and "--header" in line
    ]
    settings = load(GitHubSettings, {"GITHUB_PERSONAL_TOKENS": "true", "MCP_SERVER_TRANSPORT": "http"})
    with served_by_thread(build_app(build_server(settings), settings)) as url:
        said = line.replace("http://127.0.0.1:9001", url)
        for token, connected in (("ghp_" + "p" * 36, True), ("", False)):
            home = tmp_path / str(connected)
            home.mkdir()
            words = shlex.split(said.replace("$GITHUB_TOKEN", token))
            added = await run(str(CLAUDE), *words[1:], environ=_environ(home), cwd=home)
            assert added.status == 0, added.err
            listed = await run(str(CLAUDE), "mcp", "list", environ=_environ(home), cwd=home)
            (found,) = [line for line in listed.out.splitlines() if line.startswith("github:")]
            assert ("Connected" in found) is connected, listed.out


@pytest.mark.slow
async def test_claude_mcp_list_says_connected(github_mcp_url: str, tmp_path: Path) -> None:
    """`claude mcp list` says Connected for /mcp and for /sse."""
    environ = _environ(tmp_path)
    for transport, path in (("http", "/mcp"), ("sse", "/sse")):
        entry = json.dumps({"type": transport, "url": github_mcp_url + path})
        added = await run(str(CLAUDE), "mcp", "add-json", f"github-{transport}", entry, environ=environ, cwd=tmp_path)
        assert added.status == 0, added.err
    listed = await run(str(CLAUDE), "mcp", "list", environ=environ, cwd=tmp_path)
    for transport in ("http", "sse"):
        (line,) = [line for line in listed.out.splitlines() if line.startswith(f"github-{transport}:")]
        assert "Connected" in line, listed.out


def _environ(home: Path) -> dict[str, str]:
    """Return an environment in which the CLI knows no account."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "ANTHROPIC_API_KEY": "dummy",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
