"""A running stand-in GitHub, and github-mcp in front of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from fastmcp import Client
from fixtures.serving import served_by_thread
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import assemble
from mcp_kit.caller import OWNER, Caller
from mcp_kit.metrics import Metrics
from mcp_types import CallToolResult, TextContent
from service_kit.settings import load
from stand_ins.github.app import StandInApp, build
from stand_ins.github.records import Repository

TOKEN = "ghp_" + "t" * 36
READER = "ghp_" + "r" * 36
HELLO = "octocat/hello-world"


@dataclass(frozen=True)
class GitHub:
    """The stand-in: where it listens, and what is behind it."""

    url: str
    app: StandInApp

    @property
    def hello(self) -> Repository:
        """The repository octocat/hello-world."""
        found = self.app.stand_in.world.find("octocat", "hello-world")
        assert found is not None
        return found


@pytest.fixture(scope="session")
def github_for_a_session() -> Iterator[GitHub]:
    """The stand-in for all tests; one token may write, another only read."""
    app = build(tokens={TOKEN: "agent-bot", READER: "somebody-else"})
    with served_by_thread(app) as url:
        yield GitHub(url, app)


@pytest.fixture
def github(github_for_a_session: GitHub) -> GitHub:
    """The stand-in as it was at its start."""
    github_for_a_session.app.controls.reset()
    return github_for_a_session


@dataclass(frozen=True)
class Said:
    """What a tool answered."""

    text: str
    is_error: bool


Ask = Callable[..., Awaitable[Said]]


@pytest.fixture
async def open_tools(github: GitHub) -> AsyncIterator[Callable[..., Awaitable[Client[Any]]]]:
    """Give what opens github-mcp with an environment and a caller, in memory, and all its toolsets."""
    async with AsyncExitStack() as stack:

        async def opening(caller: Caller = OWNER, **environ: str) -> Client[Any]:
            given = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN, "GITHUB_TOOLSETS": "all"}
            settings = load(GitHubSettings, given | environ)
            server = build_server(settings)
            assert server.close is not None
            stack.push_async_callback(server.close)
            protocol = assemble(server, settings, Metrics(), unnamed=caller, callers=None)
            client: Client[Any] = await stack.enter_async_context(Client(protocol))
            return client

        yield opening


OpenTools = Callable[..., Awaitable[Client[Any]]]


@pytest.fixture
async def ask(open_tools: OpenTools) -> Ask:
    """Give what calls a tool with GitHub's token."""
    client = await open_tools()

    async def asking(tool: str, **arguments: Any) -> Said:
        return said(await client.call_tool_mcp(tool, arguments))

    return asking


def said(result: CallToolResult) -> Said:
    """Give a result's text."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return Said(content.text, result.is_error)
