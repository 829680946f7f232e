"""Tools say truly what they do, and operators choose among them."""

import pytest
from agent_vendors import Vendor, load
from conformance.servers.conftest import Subject
from conformance.servers.registry import RECORDS
from service_kit.errors import ConfigError
from service_kit.settings import load as load_settings


async def test_annotations_say_what_a_tool_does(subject: Subject) -> None:
    """Each tool has a description and all four hints; exactly those that write are not read-only."""
    server, _ = subject.built()
    writing = {spec.name for spec in server.tools if spec.writes}
    async with subject.open() as opened:
        tools = await opened.client.list_tools()
    for tool in tools:
        assert tool.description
        assert tool.annotations is not None
        hints = tool.annotations.model_dump(exclude_none=True)
        assert len(hints) == 4
        assert tool.annotations.read_only_hint is (tool.name not in writing)
    assert subject.record.writes.tool in writing
    assert not writing & {subject.record.reads.tool, *(ask.tool for ask, _ in subject.record.lists)}


async def test_read_only_is_a_wall(subject: Subject) -> None:
    """Read-only hides and refuses every tool that writes; the vendor hears nothing of it."""
    server, _ = subject.built()
    async with subject.open(read_only="true") as opened:
        assert await opened.shown() == [spec.name for spec in server.tools if not spec.writes]
        assert (await opened.say(subject.record.writes.tool, subject.record.writes.arguments)).is_error
    assert not subject.sent


async def test_toolsets_are_chosen_by_name(subject: Subject) -> None:
    """A toolset opens its own tools; one that does not exist stops the start."""
    server, _ = subject.built()
    for toolset in {spec.toolset for spec in server.tools}:
        async with subject.open(toolsets=toolset) as opened:
            own = [spec for spec in server.tools if spec.toolset == toolset]
            assert await opened.shown() == [spec.name for spec in own if not spec.danger]
    with pytest.raises(ConfigError, match="no_such"):
        async with subject.open(toolsets="no_such"):
            pass


async def test_a_missing_token_is_named(subject: Subject) -> None:
    """Without a token tools are listed; one that is called names the variable, and the vendor hears nothing."""
    server, _ = subject.built()
    async with subject.open(token="") as opened:
        assert await opened.shown() == [spec.name for spec in server.tools if not spec.danger]
        said = await opened.say(subject.record.reads.tool, subject.record.reads.arguments)
    assert said.is_error
    assert f"{subject.prefix}_TOKEN is not set" in said.text
    assert not subject.sent


@pytest.mark.parametrize("vendor", load(), ids=lambda vendor: vendor.name)
def test_the_vendors_record_is_true(vendor: Vendor) -> None:
    """What other processes read of a server in its vendor's record is what the server is."""
    record = RECORDS[vendor.name]
    settings = load_settings(record.settings, {})
    server = record.build(settings)
    assert (server.name, server.command, settings.port) == (vendor.name, vendor.mcp, vendor.mcp_port)
    assert f"{record.settings.prefix}_" == vendor.prefix
    assert {spec.name: spec.writes for spec in server.tools} == {tool: tool in vendor.writes for tool in vendor.tools}
    assert {one.kind for spec in server.tools for one in spec.resources.values()} <= set(vendor.kinds)
    assert set(record.resources) <= set(vendor.kinds)
