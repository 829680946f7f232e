"""agent_engine.servers: what it says of each server is what that server has."""

import pytest
from agent_engine.servers import VENDORS as ENGINES
from agent_vendors import Vendor, load
from fixtures.servers import built

VENDORS = load()


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
async def test_the_tools_are_the_servers_own(vendor: Vendor) -> None:
    """Exactly the tools that it has, apart by whether they write, and every kind of resource that they name."""
    told, (server, _) = ENGINES[vendor.name], built(vendor)
    if server.close is not None:
        await server.close()
    assert {tool.name for tool in server.tools if tool.writes} == told.writes
    assert {tool.name for tool in server.tools if not tool.writes} == told.reads
    assert {resource.kind for tool in server.tools for resource in tool.resources.values()} <= set(told.kinds)
