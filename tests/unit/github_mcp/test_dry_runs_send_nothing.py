"""`--dry-run`: a server alone shows each write in place of sending it, and says so everywhere."""

from typing import Any

import pytest
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import assemble
from mcp_kit.caller import OWNER
from service_kit.errors import ConfigError
from service_kit.settings import load
from unit.github_mcp.conftest import HELLO, GitHub, OpenTools, said

WRITES: list[tuple[str, dict[str, Any], str, str]] = [
    ("issue_write", {"method": "create", "title": "New one"}, f"POST /repos/{HELLO}/issues ", '"title": "New one"'),
    ("issue_write", {"method": "update", "issue": 1, "labels": ["bug"]}, f"PATCH /repos/{HELLO}/issues/1 ", '"bug"'),
    ("add_issue_comment", {"issue": 1, "body": "Hi\nref: aaaaaaaa"}, f"POST /repos/{HELLO}/issues/1/comments ", "Hi"),
]


@pytest.mark.parametrize(("tool", "arguments", "request_line", "part"), WRITES)
async def test_a_write_is_shown(
    github: GitHub, open_tools: OpenTools, tool: str, arguments: dict[str, Any], request_line: str, part: str
) -> None:
    """Method, path and body; no request that writes reaches GitHub."""
    client = await open_tools(GITHUB_DRY_RUN="true")
    shown = said(await client.call_tool_mcp(tool, {"repository": HELLO, **arguments}))
    assert not shown.is_error
    assert shown.text.startswith(f"Dry run: nothing was sent. It would have been {request_line}with the body below.")
    assert part in shown.text
    assert "\nref: " not in shown.text
    assert {entry["method"] for entry in github.app.controls.log.entries} <= {"GET"}


async def test_it_is_said_where_a_client_looks(open_tools: OpenTools) -> None:
    """In the instructions, and at the tools that write alone; wrong arguments are told as ever."""
    client = await open_tools(MCP_DRY_RUN="true")
    settings = load(GitHubSettings, {"GITHUB_DRY_RUN": "true"})
    protocol = assemble(build_server(settings), settings, unnamed=OWNER, callers=None).protocol
    assert str(protocol.instructions).startswith("This server runs dry")
    dry = {tool.name for tool in await client.list_tools() if (tool.description or "").startswith("(Dry run")}
    assert dry == {"issue_write", "add_issue_comment"}
    wrong = said(await client.call_tool_mcp("add_issue_comment", {"repository": HELLO, "issue": 0, "body": "x"}))
    assert wrong.is_error
    assert "issue" in wrong.text
    read = said(await client.call_tool_mcp("issue_read", {"repository": HELLO, "issue": 1}))
    assert not read.is_error


def test_behind_the_gateway_it_is_refused_with_the_other_way() -> None:
    """The gateway has mode propose, which a person decides."""
    with pytest.raises(ConfigError, match=r"GITHUB_DRY_RUN is for a server alone: .*mode: propose"):
        load(GitHubSettings, {"GITHUB_DRY_RUN": "true", "GITHUB_GATEWAY": "true"})
