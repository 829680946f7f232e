"""What a client's model pays for the tools' descriptions, and that none changes unseen."""

import json
import re
from pathlib import Path
from typing import Any

import mcp_types
from unit.github_mcp.conftest import OpenTools

SNAPSHOTS = Path(__file__).parent / "snapshots"
MOST_TOKENS = 200
NAMES = [
    "list_issues",
    "search_issues",
    "issue_read",
    "issue_write",
    "add_issue_comment",
    "list_labels",
    "find_similar_issues",
    "list_pull_requests",
    "pull_request_read",
    "get_file_contents",
]
WRITES = {"issue_write", "add_issue_comment"}
HOUSE_ARGUMENTS = {
    "repository": "string",
    "issue": "integer",
    "pull_request": "integer",
    "cursor": "string",
    "limit": "integer",
}


async def _listed(open_tools: OpenTools) -> list[mcp_types.Tool]:
    return await (await open_tools()).list_tools()


def _wire(tool: mcp_types.Tool) -> dict[str, Any]:
    shown: dict[str, Any] = tool.model_dump(mode="json", by_alias=True, exclude_none=True)
    return shown


async def test_tools_are_those_promised(open_tools: OpenTools) -> None:
    """Ten tools, in this order."""
    assert [tool.name for tool in await _listed(open_tools)] == NAMES


async def test_a_tool_costs_at_most_200_tokens_on_average(open_tools: OpenTools) -> None:
    """Bytes through four, of name, description, arguments and hints, as tools/list sends them."""
    tools = [_wire(tool) for tool in await _listed(open_tools)]
    sent = [{key: tool[key] for key in ("name", "description", "inputSchema", "annotations")} for tool in tools]
    sizes = [len(json.dumps(tool, separators=(",", ":"), ensure_ascii=False).encode()) / 4 for tool in sent]
    assert sum(sizes) / len(sizes) <= MOST_TOKENS, dict(zip(NAMES, sizes, strict=True))


async def test_schemas_are_as_snapped(open_tools: OpenTools) -> None:
    """A changed schema changes its snapshot, knowingly: delete the file, and the next run writes it anew."""
    missing: list[str] = []
    for tool in await _listed(open_tools):
        snapshot = SNAPSHOTS / f"{tool.name}.json"
        if not snapshot.exists():
            snapshot.write_text(json.dumps(_wire(tool), indent=2, ensure_ascii=False) + "\n")
            missing.append(snapshot.name)
        assert _wire(tool) == json.loads(snapshot.read_text()), tool.name
    assert not missing, "written just now: look at them"
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(NAMES)


async def test_every_tool_has_all_four_hints(open_tools: OpenTools) -> None:
    """Clients decide by the hints what to ask a person about."""
    for tool in await _listed(open_tools):
        hints = _wire(tool)["annotations"]
        assert set(hints) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
        assert hints["readOnlyHint"] is hints["idempotentHint"] is (tool.name not in WRITES)
        assert hints["destructiveHint"] is (tool.name == "issue_write")


async def test_arguments_are_named_alike(open_tools: OpenTools) -> None:
    """An argument that several tools have is the same kind everywhere, and snake_case."""
    for tool in await _listed(open_tools):
        for name, schema in tool.input_schema["properties"].items():
            assert re.fullmatch(r"[a-z_]{2,20}", name)
            assert schema.get("type") == HOUSE_ARGUMENTS.get(name, schema.get("type"))
        assert tool.input_schema["additionalProperties"] is False


async def test_descriptions_tell_a_new_colleague(open_tools: OpenTools) -> None:
    """Each description is short, says what the tool is for, and names no tool that is not there."""
    for tool in await _listed(open_tools):
        assert tool.description is not None
        assert 30 <= len(tool.description) <= 160
        assert set(re.findall(r"\b[a-z]+_[a-z_]+\b", tool.description)) <= {*NAMES, "get_comments"}
