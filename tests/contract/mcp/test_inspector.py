"""MCP's own Inspector, as a command: what it lists and calls, and the statuses that it ends with."""

import json

import pytest
from contract.mcp.conftest import Npx

INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"
HELLO = "octocat/hello-world"
TRANSPORTS = {"sse": "/sse", "http": "/mcp"}

pytestmark = [pytest.mark.npm, pytest.mark.timeout(300)]


async def _inspect(npx: Npx, url: str, transport: str, *command: str) -> tuple[int, str]:
    target = ("--server-url", url + TRANSPORTS[transport], "--transport", transport, "--format", "json")
    ended = await npx(INSPECTOR, "mcp-inspector", "--cli", *target, *command)
    return ended.status, ended.out


@pytest.mark.slow
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_inspector_lists_and_calls(npx: Npx, github_mcp_url: str, transport: str) -> None:
    """Tools are listed, a call ends with 0, a tool's error and an unknown tool with 5."""
    status, out = await _inspect(npx, github_mcp_url, transport, "--method", "tools/list")
    assert status == 0, out
    assert {"list_issues", "issue_write", "list_labels"} <= {
        tool["name"] for tool in json.loads(out)["result"]["tools"]
    }
    calls = (
        (0, "list_labels", f"repository={HELLO}"),
        (5, "list_labels", "repository=nonsense"),
        (5, "no_such_tool", "x=1"),
    )
    for expected, tool, argument in calls:
        command = ("--method", "tools/call", "--tool-name", tool, "--tool-arg", argument)
        status, out = await _inspect(npx, github_mcp_url, transport, *command)
        assert status == expected, (tool, argument, out)
