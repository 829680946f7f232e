"""A server for Chatter, the made-up vendor with Slack's shapes: forms, cursors in the body, refusals of status 200."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs

from conformance.servers.record import Ask, ServerRecord
from fixtures.resource_kinds import CHANNELS
from fixtures.stand_in_chatter import TOKEN, Chatter
from mcp_kit.call import Call
from mcp_kit.error_messages import MEANINGS, Meaning, rate_limited
from mcp_kit.errors import ToolFailed
from mcp_kit.paging import CursorPaging
from mcp_kit.reply import Reply, rows, section
from mcp_kit.server import Server
from mcp_kit.settings import VendorSettings
from mcp_kit.tool import Cursor, Limit, Resource, collect, tool
from mcp_kit.vendor_client import VendorClient
from mcp_kit.vendor_path import path_of
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from service_kit import http
from service_kit.settings import Port
from stand_ins.kit.app import StandInApp

Channel = Annotated[str, Resource(CHANNELS), Field(description="Channel's id")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]
PAGES = CursorPaging("cursor", "limit", found=("response_metadata", "next_cursor"))
WORDS: dict[str, Meaning] = {
    "invalid_auth": MEANINGS[401],
    "not_authed": MEANINGS[401],
    "ratelimited": rate_limited(None),
    "channel_not_found": ("{vendor} knows no {target}, or the token may not see it.", "Check the channel's id."),
}


class ChatterSettings(VendorSettings):
    """Chatter's."""

    prefix: ClassVar[str] = "CHATTER"
    api_url: str = "https://chatter.example"
    port: Port = 9010


class Answer(BaseModel):
    """What every reply says of itself."""

    ok: bool
    error: Word = "unknown"


class Message(BaseModel):
    """A message."""

    ts: str
    channel: str
    user: str
    text: str


def explain(reply: http.Reply, target: str) -> ToolFailed | Meaning | None:
    """Say what a reply of whatever status refuses, by its word."""
    try:
        answer = Answer.model_validate_json(reply.body)
    except ValidationError:
        return None
    if answer.ok or reply.status != 200:
        return None
    return WORDS.get(answer.error) or ToolFailed(
        f"Chatter refused this for {target}: {answer.error}.", next_step="Correct it and call again."
    )


class MessageTools:
    """The toolset `messages`."""

    def __init__(self, vendor: VendorClient) -> None:
        self._vendor = vendor

    @tool("messages")
    async def list_messages(self, call: Call, channel: Channel, limit: Limit = 20, cursor: Cursor = None) -> Reply:
        """List the messages of a channel, newest first."""
        page = await self._vendor.page(
            call,
            Message,
            PAGES,
            path_of("/api/messages.list"),
            channel,
            limit=limit,
            query={"channel": channel},
            rows=("messages",),
        )
        shown = rows(
            f"messages of {channel}",
            [f"{one.ts} {one.user}: {one.text}" for one in page.rows if one.channel == channel],
        )
        return Reply(f"{page.count('messages')} of {channel}:", shown, page.here, page.next)

    @tool("messages")
    async def read_message(self, call: Call, channel: Channel, ts: str) -> Reply:
        """Read one message."""
        query = {"channel": channel, "ts": ts}
        reply = await self._vendor.send(call, "GET", path_of("/api/messages.get"), channel, query=query)
        return Reply("A message:", [section("message", self._vendor.read(Message, reply.json()["message"]).text)])

    @tool("posting", writes=True)
    async def message_write(self, call: Call, channel: Channel, text: str) -> Reply:
        """Post a message to a channel."""
        form = {"channel": channel, "text": text}
        reply = await self._vendor.send(call, "POST", path_of("/api/messages.post"), channel, form=form)
        return Reply("Posted:", rows("message", [self._vendor.read(Message, reply.json()["message"]).ts]))


def chatter_server(settings: ChatterSettings) -> Server:
    """Make the server."""
    vendor = VendorClient(
        settings, name="Chatter", command="chatter-mcp", headers={"user-agent": "tests"}, explain=explain
    )
    return Server("chatter", "0", "Messages.", collect(MessageTools(vendor)), close=vendor.aclose)


def plant(stand_in: Chatter, text: str) -> None:
    """Put a text into the first message."""
    stand_in.channels["C0001"]["1700000001.000100"]["text"] = text


def reaches(_: Chatter, entry: Mapping[str, Any]) -> list[str]:
    """Name the channel, which is a parameter or a field of a form."""
    return parse_qs(entry["query"] or str(entry["body"]), keep_blank_values=True).get("channel", [""])


OUTSIDE = {"channel": "C0002"}
RECORD = ServerRecord(
    settings=ChatterSettings,
    build=chatter_server,
    stand_in=lambda: StandInApp(Chatter()),
    token=TOKEN,
    resources={"channels": ["C0001"]},
    lists=[(Ask("list_messages", {"channel": "C0001"}, OUTSIDE), r"(?m)^(\d+\.\d+) U0001")],
    reads=Ask("read_message", {"channel": "C0001", "ts": "1700000001.000100"}, OUTSIDE),
    plant=plant,
    writes=Ask("message_write", {"channel": "C0001", "text": "Done"}, OUTSIDE),
    refused=(
        Ask("list_messages", {"channel": "C9999"}, {}),
        "Chatter knows no C9999, or the token may not see it.\nCheck the channel's id.",
    ),
    foreign=(
        Ask("list_messages", {"channel": "C0001"}, {}),
        {
            "ok": True,
            "messages": [
                {"ts": "1.1", "channel": "C0001", "user": "U0001", "text": "OWN"},
                {"ts": "1.2", "channel": "C0002", "user": "U0001", "text": "FOREIGN"},
            ],
        },
    ),
    singles={"read_message"},
    reaches=reaches,
    samples={"channel": "C0001", "ts": "1700000001.000100"},
)
