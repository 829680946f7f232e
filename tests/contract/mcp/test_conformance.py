"""The protocol's own conformance suite, against the kit."""

from pathlib import Path

import pytest
from contract.mcp.conftest import Npx
from contract.mcp.fixture_server import conformance_server
from fixtures.serving import served_by_thread
from mcp_kit.app import build_app
from mcp_kit.settings import ServerSettings
from service_kit.settings import load

SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
SCENARIOS = (
    "tools-list",
    "resources-list",
    "prompts-list",
    "sep-2164-resource-not-found",
    "caching",
    "dns-rebinding-protection",
)

pytestmark = [pytest.mark.npm, pytest.mark.timeout(300)]


@pytest.mark.slow
async def test_the_kit_conforms_to_2026_07_28(npx: Npx, tmp_path: Path) -> None:
    """Every scenario that the revision requires of a server passes; there is no baseline of expected failures."""
    settings = load(ServerSettings, {"MCP_CALLS_PER_MINUTE": "6000"})
    with served_by_thread(build_app(conformance_server(), settings)) as url:
        asked = ("--url", f"{url}/mcp", "--requirements", "2026-07-28", "-o", str(tmp_path / "out"))
        ended = await npx(SUITE, "conformance", "server", *asked)
    assert ended.status == 0, ended.out[-6000:]


@pytest.mark.slow
async def test_github_mcp_passes_what_needs_no_fixture(npx: Npx, github_mcp_url: str) -> None:
    """The scenarios that any server can be asked hold for github-mcp as it is."""
    for scenario in SCENARIOS:
        ended = await npx(SUITE, "conformance", "server", "--url", f"{github_mcp_url}/mcp", "--scenario", scenario)
        assert ended.status == 0, ended.out[-4000:]
