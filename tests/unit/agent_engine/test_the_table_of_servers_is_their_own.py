"""agent_engine.servers: what it says of each server is what that server has."""

from importlib import import_module

import pytest
from agent_engine.servers import SERVERS, Server
from house.options import SETTINGS, settings_at
from service_kit.settings import load


@pytest.mark.parametrize("server", SERVERS.values(), ids=lambda server: server.name)
async def test_the_tools_are_the_servers_own(server: Server) -> None:
    """Exactly the tools that it has, apart by whether they write, and every kind of resource that they name."""
    process = server.audiences[0]
    built = import_module(f"{process.replace('-', '_')}.server").build_server(load(settings_at(SETTINGS[process]), {}))
    if built.close is not None:
        await built.close()
    assert {tool.name for tool in built.tools if tool.writes} == server.writes
    assert {tool.name for tool in built.tools if not tool.writes} == server.reads
    assert {kind for tool in built.tools for kind in tool.resources.values()} <= set(server.kinds)
