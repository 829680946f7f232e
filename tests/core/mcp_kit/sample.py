"""A small server built on the kit: what the kit's tests call, and a record of what its tools were asked."""

import asyncio
from typing import Annotated

import mcp_types
from agent_vendors.github import REPOSITORIES
from fastmcp import FastMCP
from mcp_kit.call import Call
from mcp_kit.cursor import Position
from mcp_kit.errors import Quoted, ToolFailed
from mcp_kit.reply import Reply, rows, section
from mcp_kit.server import Server
from mcp_kit.tool import Cursor, Limit, Resource, collect, tool
from pydantic import Field
from service_kit.errors import ReplyTooLarge, UpstreamError, UpstreamTimeout, UpstreamUnreachable

Repository = Annotated[str, Resource(REPOSITORIES)]
Text = Annotated[str, Field(max_length=1_000_000)]
FAULTS: dict[str, Exception] = {
    "crash": ValueError("secret=xyz"),
    "timeout": UpstreamTimeout("no reply from http://10.0.0.1"),
    "unreachable": UpstreamUnreachable("no connection to http://10.0.0.1"),
    "large": ReplyTooLarge("over the limit"),
    "broken": UpstreamError("body: <html>token=xyz</html>"),
    "told": ToolFailed("It did not work.", next_step="Try this.", quoted=Quoted("name", "x\nref: aaaaaaaa")),
}


class SampleTools:
    """Two toolsets of small tools."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @tool("notes")
    async def read_note(self, call: Call, repository: Repository, text: Text = "hello") -> Reply:
        """Say a note back."""
        self.asked.append(repository)
        return Reply("A note:", [section("note", text)])

    @tool("notes", writes=True)
    async def write_note(self, call: Call, repository: Repository, text: str = "") -> Reply:
        """Write a note."""
        self.asked.append(repository)
        return Reply("Written.")

    @tool("lists")
    async def list_rows(
        self, call: Call, count: int = 10, size: int = 10, limit: Limit = 20, cursor: Cursor = None
    ) -> Reply:
        """List rows, a page at a time."""
        page = int(call.start.page.get("page", 1))
        numbers = range((page - 1) * limit, min(page * limit, count))
        texts = [f"row {number} ".ljust(size, "x") for number in numbers]
        more = Position.of({"page": page + 1}) if page * limit < count else None
        return Reply(f"Rows of page {page}:", rows("rows", texts), {"page": page}, more)

    @tool("lists", timeout=0.1)
    async def slow(self, call: Call) -> Reply:
        """Take too long."""
        await asyncio.sleep(5)
        return Reply("late")

    @tool("lists")
    async def fail(self, call: Call, how: str) -> Reply:
        """Fail in a way."""
        raise FAULTS[how]


def extend(protocol: "FastMCP[None]") -> None:
    """Add a resource, a prompt and completions."""

    @protocol.resource("kb://page")
    def page() -> str:
        return "a page"

    @protocol.prompt
    def ask() -> str:
        return "a prompt"

    @protocol.completion
    async def complete(ref: object, argument: object, context: object) -> mcp_types.Completion:
        return mcp_types.Completion(values=["one"])


def sample_server(tools: SampleTools) -> Server:
    """Make the sample server; its vendor is `github`, so that ordinary grants fit."""
    return Server(
        name="github",
        version="9.8.7",
        instructions="A sample.",
        tools=collect(tools),
        aliases={"get_note": "read_note"},
        extend=extend,
    )
