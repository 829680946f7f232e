"""README.md of github-mcp: its tables are the code's, and its blocks for clients start what they say."""

import asyncio
import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from service_kit.settings import load, variables

CHECKOUT = Path(__file__).parents[3]
README = CHECKOUT / "mcp-servers" / "github" / "README.md"
SOURCE = "git+https://github.com/OWNER/agent-bot"
FROM = f"{SOURCE}#subdirectory=mcp-servers/github"
COPIED = ("packages", "mcp-servers", "api-services", "agent-engine", "pyproject.toml", "uv.lock", "README.md")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)


def _rows(header: str) -> list[list[str]]:
    table = README.read_text().split(f"| {header} |", 1)[1].split("\n\n", 1)[0]
    return [re.split(r"\s*\|\s*", line.strip("| ")) for line in table.splitlines()[2:]]


def _started() -> list[dict[str, Any]]:
    """Give every way of starting the server that the blocks name: command, arguments, environment."""
    ways = []
    for block in map(json.loads, _blocks("json")):
        entry = (block.get("mcpServers") or block["servers"])["github"]
        if "command" in entry:
            ways.append({"command": entry["command"], "args": entry["args"], "env": entry["env"]})
    for line in "".join(_blocks("sh")).splitlines():
        words = shlex.split(line)
        if "--" in words:
            start = words.index("--") + 1
            name, value = words[words.index("--env") + 1].split("=")
            ways.append({"command": words[start], "args": words[start + 1 :], "env": {name: value}})
    return ways


def test_the_tool_table_is_the_codes() -> None:
    """Names, toolsets, writes and descriptions are those that clients see."""
    tools = build_server(load(GitHubSettings, {})).tools
    expected = [[f"`{t.name}`", t.toolset, "yes" if t.writes else "", t.description] for t in tools]
    assert _rows("Tool") == expected


def test_the_settings_table_is_the_codes() -> None:
    """Every variable is there, with its default and meaning, and no other."""
    expected = {}
    for name, field in GitHubSettings.model_fields.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default or "")
        names = " or ".join(f"`{variable}`" for variable in variables(name, field))
        expected[names] = (f"`{default}`" if default else "", field.description)
    assert {names: (default, meaning) for names, default, meaning in _rows("Variable")} == expected


def test_every_block_starts_the_same_command() -> None:
    """Claude Desktop and Cursor, Claude Code, and VS Code all start this package of this repository."""
    ways = _started()
    assert len(ways) == 3
    for way in ways:
        assert (way["command"], way["args"]) == ("uvx", ["--from", FROM, "github-mcp"])
        assert set(way["env"]) == {"GITHUB_TOKEN"}
        assert re.fullmatch(r"your.token|\$\{input:github_token\}", way["env"]["GITHUB_TOKEN"])


def test_the_address_is_the_servers_default() -> None:
    """The address of the HTTP blocks is where `github-mcp --transport http` listens."""
    address = f"http://127.0.0.1:{load(GitHubSettings, {}).port}/mcp"
    assert f"claude mcp add --transport http github {address}\n" in _blocks("sh")
    assert {"mcpServers": {"github": {"url": address}}} in [json.loads(block) for block in _blocks("json")]


async def test_the_command_that_the_blocks_name_serves(tmp_path: Path) -> None:
    """The command, with the variables that the blocks give it and no others, lists the tools over stdio."""
    command = Path(sys.executable).parent / _started()[0]["args"][-1]
    transport = StdioTransport(str(command), [], env=_started()[0]["env"], log_file=tmp_path / "log", keep_alive=False)
    async with Client(transport) as client:
        assert len(await client.list_tools()) == 10


@pytest.mark.npm
@pytest.mark.timeout(300)
async def test_uvx_starts_it_from_a_git_repository(tmp_path: Path) -> None:
    """What the blocks say works from a uv workspace: the repository's address alone is replaced by this checkout's."""
    uvx = shutil.which("uvx", path=f"{CHECKOUT / '.tools' / 'bin'}:{os.environ['PATH']}")
    assert uvx, "uvx is missing: `make init` puts uv into .tools"
    repository = tmp_path / "agent-bot"
    repository.mkdir()
    for name in COPIED:
        source = CHECKOUT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "dist")
        if source.is_dir():
            shutil.copytree(source, repository / name, ignore=ignored)
        else:
            shutil.copy2(source, repository / name)
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "as it is")):
        process = await asyncio.create_subprocess_exec("git", *identity, *command, cwd=repository)
        assert await process.wait() == 0
    way = _started()[0]
    arguments = [word.replace(SOURCE, f"git+file://{repository}") for word in way["args"]]
    environ = {"HOME": str(Path.home()), "PATH": os.environ["PATH"], "UV_SYSTEM_CERTS": "true", **way["env"]}
    environ |= {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("UV_", "SSL_CERT")) or "proxy" in name.lower()
    }
    transport = StdioTransport(uvx, arguments, env=environ, log_file=tmp_path / "log", keep_alive=False)
    async with Client(transport, init_timeout=240) as client:
        assert len(await client.list_tools()) == 10
