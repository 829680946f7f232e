"""README.md of each server: its tables are the code's, and its blocks for clients start what they say."""

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
from agent_vendors import Vendor, load
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fixtures.servers import built, settings_of
from service_kit.settings import variables

VENDORS = load()

CHECKOUT = Path(__file__).parents[3]
SOURCE = "git+https://github.com/OWNER/agent-bot"
COPIED = ("packages", "mcp-servers", "api-services", "agent-engine", "pyproject.toml", "uv.lock", "README.md")


class Page:
    """The README of a vendor's server."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.text = (CHECKOUT / "mcp-servers" / vendor.name / "README.md").read_text()

    def blocks(self, language: str) -> list[str]:
        """Give the blocks of a language."""
        return re.findall(rf"```{language}\n(.*?)```", self.text, re.DOTALL)

    def rows(self, header: str) -> list[list[str]]:
        """Give the rows of the table whose first column is headed so."""
        table = self.text.split(f"| {header} |", 1)[1].split("\n\n", 1)[0]
        return [re.split(r"\s*\|\s*", line.strip("| ")) for line in table.splitlines()[2:]]

    def started(self) -> list[dict[str, Any]]:
        """Give every way of starting the server that the blocks name: command, arguments, environment."""
        ways = []
        for block in map(json.loads, self.blocks("json")):
            entry = (block.get("mcpServers") or block["servers"])[self.vendor.name]
            if "command" in entry:
                ways.append({"command": entry["command"], "args": entry["args"], "env": entry["env"]})
        for line in "".join(self.blocks("sh")).splitlines():
            words = shlex.split(line)
            if "--" in words:
                start = words.index("--") + 1
                name, value = words[words.index("--env") + 1].split("=")
                ways.append({"command": words[start], "args": words[start + 1 :], "env": {name: value}})
        return ways


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def page(request: pytest.FixtureRequest) -> Page:
    """Each vendor's."""
    return Page(request.param)


def test_the_tool_table_is_the_codes(page: Page) -> None:
    """Names, toolsets, writes and descriptions are those that clients see; what may do harm is marked."""
    tools = built(page.vendor)[0].tools
    words = {(False, False): "", (True, False): "yes", (True, True): "danger"}
    expected = [[f"`{t.name}`", t.toolset, words[t.writes, t.danger], t.description] for t in tools]
    assert page.rows("Tool") == expected


def test_the_settings_table_is_the_codes(page: Page) -> None:
    """Every variable is there, with its default and meaning, and no other."""
    expected = {}
    for name, field in settings_of(page.vendor).model_fields.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default or "")
        names = " or ".join(f"`{variable}`" for variable in variables(name, field))
        expected[names] = (f"`{default}`" if default else "", field.description)
    assert {names: (default, meaning) for names, default, meaning in page.rows("Variable")} == expected


def test_every_block_starts_the_same_command(page: Page) -> None:
    """Claude Desktop and Cursor, Claude Code, and VS Code all start this package of this repository, with its token."""
    ways, vendor, token = page.started(), page.vendor, f"{page.vendor.prefix}TOKEN"
    source = f"{SOURCE}#subdirectory=mcp-servers/{vendor.name}"
    known = {
        variable for name, field in settings_of(vendor).model_fields.items() for variable in variables(name, field)
    }
    assert len(ways) == 3
    for way in ways:
        assert (way["command"], way["args"]) == ("uvx", ["--from", source, vendor.mcp])
        assert {token} <= set(way["env"]) <= known
        assert re.fullmatch(rf"your.token|\$\{{input:{token.lower()}\}}", way["env"][token])


def test_the_address_is_the_servers_default(page: Page) -> None:
    """The address of the HTTP blocks is where the server listens with `--transport http`."""
    name, address = page.vendor.name, f"http://127.0.0.1:{page.vendor.mcp_port}/mcp"
    assert f"claude mcp add --transport http {name} {address}\n" in page.blocks("sh")
    assert {"mcpServers": {name: {"url": address}}} in [json.loads(block) for block in page.blocks("json")]


@pytest.mark.slow
async def test_the_command_that_the_blocks_name_serves(page: Page, tmp_path: Path) -> None:
    """The command, with the variables that the blocks give it and no others, lists the tools over stdio."""
    way = page.started()[0]
    command = Path(sys.executable).parent / way["args"][-1]
    await _lists_the_tools(
        page, StdioTransport(str(command), [], env=way["env"], log_file=tmp_path / "log", keep_alive=False)
    )


async def _lists_the_tools(page: Page, transport: StdioTransport, seconds: float | None = None) -> None:
    server, _ = built(page.vendor)
    chosen = server.default_toolsets
    shown = [tool.name for tool in server.tools if not tool.danger and (chosen is None or tool.toolset in chosen)]
    async with Client(transport, init_timeout=seconds) as client:
        assert [tool.name for tool in await client.list_tools()] == shown


@pytest.mark.npm
@pytest.mark.timeout(300)
async def test_uvx_starts_it_from_a_git_repository(page: Page, tmp_path: Path) -> None:
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
    way = page.started()[0]
    arguments = [word.replace(SOURCE, f"git+file://{repository}") for word in way["args"]]
    environ = {"HOME": str(Path.home()), "PATH": os.environ["PATH"], "UV_SYSTEM_CERTS": "true", **way["env"]}
    environ |= {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("UV_", "SSL_CERT")) or "proxy" in name.lower()
    }
    transport = StdioTransport(uvx, arguments, env=environ, log_file=tmp_path / "log", keep_alive=False)
    await _lists_the_tools(page, transport, seconds=240)
