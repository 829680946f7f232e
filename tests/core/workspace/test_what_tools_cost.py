"""What a client's model pays for the descriptions of each server's tools, and that none changes unseen."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from agent_vendors import Vendor, load
from fastmcp import Client
from fixtures.servers import built, package_of
from mcp_kit.app import assemble
from mcp_kit.caller import OWNER
from mcp_kit.metrics import Metrics

VENDORS = load()

VENDOR_TESTS = Path(__file__).parents[2] / "vendor"
MOST_TOKENS = 200
MOST_SHOWN = 30
MOST_SHOWN_TOKENS = 6000
MOST_TOKENS_OF_ALL = 14000
Wired = dict[str, dict[str, Any]]


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """Each vendor."""
    found: Vendor = request.param
    return found


@pytest.fixture
async def wired(vendor: Vendor) -> Wired:
    """Each tool by its name, as tools/list sends it."""
    server, settings = built(vendor)
    async with Client(assemble(server, settings, Metrics(), unnamed=OWNER, callers=None)) as client:
        tools = await client.list_tools()
    if server.close is not None:
        await server.close()
    return {tool.name: tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools}


@pytest.fixture
def tokens(wired: Wired) -> dict[str, float]:
    """Bytes through four of each tool: of name, description, arguments and hints."""
    sent = ("name", "description", "inputSchema", "annotations")
    return {
        name: len(json.dumps({key: tool[key] for key in sent}, separators=(",", ":"), ensure_ascii=False).encode()) / 4
        for name, tool in wired.items()
    }


def test_a_tool_costs_at_most_200_tokens_on_average(tokens: dict[str, float]) -> None:
    """A server's tools together cost no more than so many times their number."""
    assert sum(tokens.values()) / len(tokens) <= MOST_TOKENS, tokens


def test_what_is_shown_fits_a_models_window(vendor: Vendor, tokens: dict[str, float]) -> None:
    """Where nobody chooses, at most 30 tools of 6,000 tokens are shown; all tools take at most 14,000."""
    server, _ = built(vendor)
    chosen = server.default_toolsets
    shown = [one.name for one in server.tools if one.name in tokens and (chosen is None or one.toolset in chosen)]
    assert len(shown) <= MOST_SHOWN
    assert sum(tokens[name] for name in shown) <= MOST_SHOWN_TOKENS
    assert sum(tokens.values()) <= MOST_TOKENS_OF_ALL


def test_schemas_are_as_snapped(vendor: Vendor, wired: Wired) -> None:
    """A changed schema changes its snapshot, knowingly: delete the file, and the next run writes it anew."""
    snapshots = VENDOR_TESTS / package_of(vendor) / "snapshots"
    snapshots.mkdir(exist_ok=True, parents=True)
    missing: list[str] = []
    for name, tool in wired.items():
        snapshot = snapshots / f"{name}.json"
        if not snapshot.exists():
            snapshot.write_text(json.dumps(tool, indent=2, ensure_ascii=False) + "\n")
            missing.append(snapshot.name)
        assert tool == json.loads(snapshot.read_text()), name
    assert not missing, "written just now: look at them"
    assert {path.stem for path in snapshots.iterdir()} == set(wired)


def test_every_tool_has_all_four_hints(wired: Wired) -> None:
    """Clients decide by the hints what to ask a person about; what only reads is harmless."""
    for name, tool in wired.items():
        hints = tool["annotations"]
        assert set(hints) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
        assert not hints["readOnlyHint"] or (hints["idempotentHint"] and not hints["destructiveHint"]), name


def test_arguments_are_named_alike(wired: Wired) -> None:
    """An argument that several tools have is of the same type everywhere, and snake_case; no other is taken."""
    types: dict[str, set[str]] = defaultdict(set)
    for tool in wired.values():
        assert tool["inputSchema"]["additionalProperties"] is False
        for name, schema in tool["inputSchema"]["properties"].items():
            assert re.fullmatch(r"[a-z_]{2,20}", name)
            types[name].add(str(schema.get("type")))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_descriptions_tell_a_new_colleague(wired: Wired) -> None:
    """Each description is short, says what the tool is for, and names no tool or choice that is not there."""
    choices = set(re.findall(r'"([a-z_]+)"', json.dumps([tool["inputSchema"] for tool in wired.values()])))
    for tool in wired.values():
        assert 30 <= len(tool["description"]) <= 160
        assert set(re.findall(r"\b[a-z]+_[a-z_]+\b", tool["description"])) <= {*wired, *choices}
