"""What a vendor's record says of its MCP server is what that server has."""

import pytest
from agent_vendors import Vendor, load
from fixtures.servers import built

VENDORS = load()


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
async def test_the_tools_are_the_servers_own(vendor: Vendor) -> None:
    """Exactly the tools that it has, apart by whether they write, and every kind of resource that they name."""
    server, _ = built(vendor)
    if server.close is not None:
        await server.close()
    assert {tool.name for tool in server.tools if tool.writes} == vendor.writes
    assert {tool.name for tool in server.tools if not tool.writes} == vendor.reads
    assert {resource.kind for tool in server.tools for resource in tool.resources.values()} <= set(vendor.kinds)
