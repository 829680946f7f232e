"""What a client's model pays for the descriptions of each server's tools, and that none changes unseen."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
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
Wired = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Most:
    """The most that a server's tools/list may have, in tools and in tokens (bytes through four).

    Attributes:
        default_tools: where nobody chooses.
        default_tokens: where nobody chooses.
        all_tokens: of all toolsets, and of those tools that do harm.
    """

    default_tools: int
    default_tokens: int
    all_tokens: int


MOST = {"github": Most(30, 6_000, 14_000)}


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """Each vendor."""
    found: Vendor = request.param
    return found


@pytest.fixture
async def wired(vendor: Vendor) -> Wired:
    """Each tool by its name, as tools/list sends it."""
    return await listed(vendor)


async def listed(vendor: Vendor, **environ: str) -> Wired:
    """Give each tool by its name, as tools/list sends it under these settings."""
    server, settings = built(vendor, **environ)
    async with Client(assemble(server, settings, Metrics(), unnamed=OWNER, callers=None)) as client:
        tools = await client.list_tools()
    if server.close is not None:
        await server.close()
    return {tool.name: tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools}


def tokens(tools: Iterable[dict[str, Any]]) -> float:
    """Return what tools cost: bytes through four."""
    return sum(len(json.dumps(tool, separators=(",", ":"), ensure_ascii=False).encode()) for tool in tools) / 4


def test_a_tool_costs_at_most_200_tokens_on_average(wired: Wired) -> None:
    """Bytes through four, of name, description, arguments and hints."""
    keys = ("name", "description", "inputSchema", "annotations")
    sizes = {name: tokens([{key: tool[key] for key in keys}]) for name, tool in wired.items()}
    assert sum(sizes.values()) / len(sizes) <= MOST_TOKENS, sizes


async def test_the_whole_list_is_within_its_bounds(vendor: Vendor) -> None:
    """A client that chooses nothing pays for few tools, and one that wants all of them pays for a bounded list."""
    most, every = MOST[vendor.name], ",".join(vendor.tools)
    default, all_ = await listed(vendor, MCP_TOOLSETS="default"), await listed(vendor, MCP_TOOLS=every)
    assert set(all_) == set(vendor.tools)
    assert len(default) <= most.default_tools, sorted(default)
    assert tokens(default.values()) <= most.default_tokens
    assert tokens(all_.values()) <= most.all_tokens


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
