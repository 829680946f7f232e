"""A client is told of nothing that a server does not have: no empty list of resources, no prompts that are none."""

import pytest
from conformance.servers.conftest import Subject
from fastmcp import Client
from mcp_kit.app import assemble
from mcp_kit.caller import OWNER
from mcp_kit.metrics import Metrics


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_capabilities_are_what_is_there(subject: Subject, mode: str) -> None:
    """In both eras of the protocol a part is advertised exactly if its list is not empty; tools always are."""
    server, settings = subject.built()
    assert server.close is not None
    protocol = assemble(server, settings, Metrics(), unnamed=OWNER, callers=None)
    try:
        async with Client(protocol, mode=mode) as client:
            capabilities = client.session.server_capabilities
            assert capabilities is not None
            assert capabilities.tools is not None
            there = {
                "resources": [*await client.list_resources(), *await client.list_resource_templates()],
                "prompts": await client.list_prompts(),
                "logging": server.extend,
                "completions": server.extend,
                "extensions": None,
                "experimental": None,
            }
            for name, found in there.items():
                assert bool(found) == (getattr(capabilities, name) is not None), name
    finally:
        await server.close()
