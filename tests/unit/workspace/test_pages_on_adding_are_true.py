"""docs/adding-a-gateway.md and docs/adding-a-server.md: what they show runs, and the files they name are there."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import api_kit
import pytest
from api_kit import Call, Json, Table
from api_kit.paths import encode
from api_kit.vendor import EVERYTHING
from mcp_kit import call as mcp_call
from mcp_kit import reply as mcp_reply
from mcp_kit import tool as mcp_tool

ROOT = Path(__file__).parents[3]
GATEWAY, SERVER = "adding-a-gateway.md", "adding-a-server.md"


def run(page: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a page's Python, that of its tests aside, which needs a house."""
    text, _, _ = (ROOT / "docs" / page).read_text().partition("## The tests")
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec("from __future__ import annotations\n" + block, names)
    return names


async def test_the_gateways_table_is_whole_and_its_probe_finds_what_it_marked() -> None:
    """The core takes the table; a note is found by its marker and our own name, and no other."""
    names = run(GATEWAY, {**vars(api_kit), "encode": encode, "EVERYTHING": EVERYTHING})
    table: Table = names["table"]()
    route = table.routes[1]
    assert (names["corkboard"]("token").name, route.tools) == ("corkboard", frozenset({"note_write"}))
    effect = uuid4()
    ours = {"board": "team", "author": "agent-bot", **names["marked"]({"title": "Lunch", "text": "At noon"}, effect)}
    kept: list[Json] = [{"text": "At noon"}, {**ours, "author": "somebody"}]

    async def fetch(path: str) -> Json:
        return {"login": "agent-bot"} if path == "/me" else kept

    probe, sent = route.probe, Call(route, {"board": "team"}, {}, {"title": "Lunch"})
    assert probe is not None
    assert await probe.find(sent, effect, fetch) is None
    kept.append(ours)
    assert await probe.find(sent, effect, fetch) == ours
    assert (names["boards_of"](kept), names["note_made"](sent.body, ours)) == (["", "team", "team"], None)


def test_the_servers_tools_are_tools() -> None:
    """The kit collects them, with the resource that bounds them."""
    kit = {**vars(mcp_call), **vars(mcp_reply), **vars(mcp_tool)}
    names = run(SERVER, {name: value for name, value in kit.items() if not name.startswith("__")})
    tools = mcp_tool.collect(names["NoteTools"](None))
    assert [(tool.name, tool.writes, dict(tool.resources)) for tool in tools] == [
        ("list_notes", False, {"board": "boards"}),
        ("note_write", True, {"board": "boards"}),
    ]


@pytest.mark.parametrize("page", [GATEWAY, SERVER])
def test_the_files_that_they_name_are_there(page: str) -> None:
    """Each path of the house that stands in a table or the text, the new packages' own aside."""
    text = (ROOT / "docs" / page).read_text()
    named = re.findall(r"`((?:scripts|tests|agent-engine|packages|api-services|mcp-servers|deploy)/[^`]*)`", text)
    named += re.findall(r"`((?:docker-compose|\.env|\.import|pyproject)[^`]*)`", text)
    assert named
    assert [path for path in named if "corkboard" not in path and not (ROOT / path).exists()] == []
