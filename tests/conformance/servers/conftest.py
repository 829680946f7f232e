"""Each vendor's server in front of its stand-in, opened in memory for a caller and an environment."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from agent_contracts import Grant, Mode
from conformance.servers.record import Arguments, Ask, ServerRecord
from conformance.servers.registry import RECORDS
from conformance.servers.rewriting import Rewriter
from conformance.servers.variants import Variant, variants
from fastmcp import Client
from fixtures.serving import served_by_thread
from mcp_kit.app import assemble
from mcp_kit.caller import OWNER, Caller
from mcp_kit.metrics import Metrics
from mcp_kit.server import Server
from mcp_kit.settings import VendorSettings
from mcp_kit.tool import ToolSpec
from mcp_types import TextContent
from service_kit.grants import Bound
from service_kit.settings import load
from service_kit.tokens import TaskClaims
from stand_ins.kit.app import StandInApp
from stand_ins.kit.faults import Fault

TASK = UUID("0199aaaa-0000-7000-8000-000000000001")
REF_KEY = "ab" * 32


@dataclass(frozen=True)
class Said:
    """What a tool answered."""

    text: str
    is_error: bool


@dataclass(frozen=True)
class Open:
    """A server that is open in memory."""

    client: "Client[Any]"

    async def shown(self) -> list[str]:
        """Return the names of the tools that it lists."""
        return [tool.name for tool in await self.client.list_tools()]

    async def say(self, tool: str, arguments: Arguments) -> Said:
        """Call a tool."""
        result = await self.client.call_tool_mcp(tool, dict(arguments))
        (content,) = result.content
        assert isinstance(content, TextContent)
        return Said(content.text, result.is_error)


@dataclass(frozen=True)
class Subject:
    """A vendor's server under test: its record, and its stand-in with where it listens."""

    record: ServerRecord
    app: StandInApp[Any]
    url: str
    rewriter: Rewriter

    @property
    def prefix(self) -> str:
        """What the names of its variables begin with."""
        return self.record.settings.prefix

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The requests that reached the vendor, oldest first."""
        return list(self.app.controls.log.entries)

    def caller(self, *tools: str) -> Caller:
        """Return a run that may write with these tools, within the record's resources."""
        bound = Bound(tools=list(tools), resources=dict(self.record.resources), mode=Mode.write)
        return Caller("run", bound, token="task-token")

    def task(self, *tools: str) -> Caller:
        """Return a run of `TASK`, to whose replies the server adds refs by `REF_KEY`."""
        now = datetime.now(UTC)
        claims = TaskClaims(
            task=TASK, attempt=1, tenant="default", jti="j", issued_at=now, expires_at=now, vendor="v", grant=Grant()
        )
        return replace(self.caller(*tools), task=claims)

    @property
    def granted(self) -> Caller:
        """A run that may write with every tool that the record calls, within its resources."""
        return self.caller(*dict.fromkeys(ask.tool for ask in self.record.asks))

    def built(self, **changes: str) -> tuple[Server, VendorSettings]:
        """Build the server with all its tools, its address and token, and these settings, by their fields' names."""
        given = {"api_url": self.url, "token": self.record.token, "toolsets": "all", **changes}
        settings = load(self.record.settings, {self.record.settings.variable(name): one for name, one in given.items()})
        return self.record.build(settings), settings

    @asynccontextmanager
    async def open(self, caller: Caller = OWNER, **changes: str) -> AsyncIterator[Open]:
        """Open the server for a caller, with these settings."""
        server, settings = self.built(**changes)
        assert server.close is not None
        try:
            async with Client(assemble(server, settings, Metrics(), unnamed=caller, callers=None)) as client:
                yield Open(client)
        finally:
            await server.close()

    async def ask(self, ask: Ask, caller: Caller = OWNER, **changes: str) -> Said:
        """Make one call of a server that is opened for it."""
        async with self.open(caller, **changes) as server:
            return await server.say(ask.tool, ask.arguments)

    def strike(self, fault: str, **details: Any) -> None:
        """Order a fault for the next request."""
        self.app.controls.gate.faults.append(Fault(fault=fault, **details))


TAKING_PART: dict[str, Callable[[Variant], bool]] = {
    "variant": lambda one: True,
    "rowed": lambda one: not one.single,
    "listing": lambda one: one.pages,
}
"""The calls that a test takes by this name."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each vendor; one that takes `tool` for each of its tools, one of `TAKING_PART` for such calls."""
    if "tool" in metafunc.fixturenames:
        found = [(name, spec.name) for name, record in RECORDS.items() for spec in _tools(record)]
        metafunc.parametrize(("served", "tool"), found, indirect=["served"])
        return
    for name, holds in TAKING_PART.items():
        if name in metafunc.fixturenames:
            calls = [(vendor, one) for vendor, record in RECORDS.items() for one in _reading(record) if holds(one)]
            ids = [f"{vendor}-{one.name}" for vendor, one in calls]
            metafunc.parametrize(("served", name), calls, indirect=["served"], ids=ids)
            return
    if "served" in metafunc.fixturenames:
        metafunc.parametrize("served", RECORDS, indirect=True)


def _reading(record: ServerRecord) -> list[Variant]:
    return [one for spec in _tools(record) for one in variants(record, spec)]


def _tools(record: ServerRecord) -> Sequence[ToolSpec]:
    return record.build(load(record.settings, {})).tools


@pytest.fixture(scope="session")
def served(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Each vendor, its stand-in served for the session."""
    record = RECORDS[request.param]
    app = record.stand_in()
    rewriter = Rewriter(app)
    with served_by_thread(rewriter) as url:
        yield Subject(record, app, url, rewriter)


@pytest.fixture
def subject(served: Subject) -> Subject:
    """Each vendor, its stand-in as it is at its start."""
    served.app.controls.reset()
    served.rewriter.change = None
    return served


@pytest.fixture
async def opened(subject: Subject) -> AsyncIterator[Open]:
    """The server for its owner, with every tool."""
    server, _ = subject.built()
    every = ",".join(spec.name for spec in server.tools)
    async with subject.open(tools=every, calls_per_minute="1000000") as opening:
        yield opening
