"""A made-up vendor, Corkboard, and its server: as little as a server of its own has to write."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from fastmcp import Client
from fixtures.resource_kinds import BOARDS
from fixtures.serving import serving
from mcp_kit.app import assemble
from mcp_kit.call import Call
from mcp_kit.caller import OWNER, Caller
from mcp_kit.metrics import Metrics
from mcp_kit.paging import LinkPaging
from mcp_kit.reply import Reply, section
from mcp_kit.reply_meta import VendorLimit
from mcp_kit.server import Server
from mcp_kit.settings import VendorSettings
from mcp_kit.tool import Cursor, Limit, Resource, collect, tool
from mcp_kit.vendor_client import VendorClient
from mcp_kit.vendor_path import path_of
from mcp_types import TextContent
from pydantic import BaseModel
from service_kit.http import Reply as HttpReply
from service_kit.settings import Port, load
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Board = Annotated[str, Resource(BOARDS)]
PAGES = LinkPaging(pointers=("after",), size="size")


class CorkboardSettings(VendorSettings):
    """Corkboard's."""

    prefix: ClassVar[str] = "CORKBOARD"
    api_url: str = "https://corkboard.example"
    port: Port = 9009


class Note(BaseModel):
    """A note."""

    id: int
    text: str


class NoteTools:
    """The toolset `notes`."""

    def __init__(self, vendor: VendorClient) -> None:
        self._vendor = vendor

    @tool("notes")
    async def list_notes(self, call: Call, board: Board, limit: Limit = 20, cursor: Cursor = None) -> Reply:
        """List the notes of a board."""
        path = path_of("/boards/{}/notes", board)
        page = await self._vendor.page(call, Note, PAGES, path, board, limit=limit, query={"x": None}, ceiling=3)
        return Reply("Notes:", [section(f"note {note.id}", note.text) for note in page.rows], page.here, page.next)

    @tool("notes")
    async def find_notes(self, call: Call, board: Board, words: str) -> Reply:
        """Find notes by words."""
        reply = await self._vendor.send(
            call, "POST", path_of("/search"), board, body={"board": board, "words": words}, reads=True
        )
        notes = self._vendor.read_rows(call, Note, reply.json())
        return Reply("Found:", [section(f"note {note.id}", note.text) for note in notes])

    @tool("notes", writes=True)
    async def note_write(self, call: Call, board: Board, text: str) -> Reply:
        """Put a note on a board."""
        path = path_of("/boards/{}/notes", board)
        reply = await self._vendor.send(call, "POST", path, board, query={"pin": 1}, body={"text": text}, success=201)
        return Reply(f"Note {self._vendor.read(Note, reply.json()).id} was put up.")


def corkboard_server(settings: CorkboardSettings) -> Server:
    """Make the server."""
    vendor = VendorClient(
        settings,
        name="Corkboard",
        command="corkboard-mcp",
        headers={"user-agent": "tests"},
        meanings={404: ("{vendor} has no {target}.", "List them.")},
        opening=lambda token: {"x-corkboard-key": token},
        limit_of=_left,
    )

    async def check() -> None:
        await vendor.check("/me")

    tools = collect(NoteTools(vendor))
    return Server(
        "corkboard", "0", "Notes.", tools, title="Corkboard", checks={"corkboard": check}, close=vendor.aclose
    )


def _left(reply: HttpReply) -> VendorLimit | None:
    """Read Corkboard's own header."""
    left = reply.headers.get("x-left")
    return VendorLimit("notes", int(left), None, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) if left else None


@dataclass
class Corkboard:
    """The vendor, or a gateway before it: answers what it is told to, and keeps what it was asked."""

    url: str = ""
    replies: list[Response] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    def says(self, document: object, status: int = 200, **headers: str) -> None:
        """Set the next reply."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.replies.append(JSONResponse(document, status, named))

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request)
        await request.body()
        return self.replies.pop(0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Corkboard"]:
        """Serve it."""
        methods = ["GET", "POST"]
        async with serving(Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])) as url:
            self.url = url
            yield self

    @asynccontextmanager
    async def tools(self, caller: Caller = OWNER, **environ: str) -> AsyncIterator["Client[Any]"]:
        """Open its server, in memory."""
        usual = {"CORKBOARD_API_URL": self.url, "CORKBOARD_TOKEN": "t0ken"}
        settings = load(CorkboardSettings, {**usual, **environ})
        server = corkboard_server(settings)
        assert server.close is not None
        try:
            async with Client(assemble(server, settings, Metrics(), unnamed=caller, callers=None)) as client:
                yield client
        finally:
            await server.close()


async def said(client: "Client[Any]", tool: str, **arguments: object) -> tuple[str, bool]:
    """Call a tool, and give its text and whether it is an error."""
    result = await client.call_tool_mcp(tool, {"board": "team", **arguments})
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text, result.is_error
