"""docs/adding-a-server.md: its blocks are a server that the kit takes."""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from mcp_kit.call import Call
from mcp_kit.page import Page, asked, linked
from mcp_kit.reply import Reply, section
from mcp_kit.settings import VendorSettings
from mcp_kit.tool import Cursor, Limit, Resource, collect, tool
from mcp_kit.vendor import Vendor
from pydantic import Field
from service_kit.settings import Port, load
from unit.mcp_kit.corkboard import Corkboard, Note

PAGE = Path(__file__).parents[3] / "docs/adding-a-server.md"
GIVEN: dict[str, Any] = {one.__name__: one for one in (Call, Note, Page, Reply, Resource, Vendor, VendorSettings)} | {
    "Field": Field,
    "Annotated": Annotated,
    "ClassVar": ClassVar,
    "Cursor": Cursor,
    "Limit": Limit,
    "Port": Port,
    "asked": asked,
    "linked": linked,
    "quote": quote,
    "section": section,
    "tool": tool,
    "HEADERS": {"user-agent": "page"},
    "MEANINGS": {},
    "__name__": "page",
}


async def test_the_server_of_the_page_lists_notes() -> None:
    """Settings, client and tools of the page ask the vendor and answer a call."""
    names: dict[str, Any] = dict(GIVEN)
    text = PAGE.read_text().split("## The house")[0]
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    async with Corkboard().running() as vendor:
        environ = {"CORKBOARD_API_URL": vendor.url, "CORKBOARD_TOKEN": "t0ken"}
        client = names["Corkboard"](load(names["CorkboardSettings"], environ))
        vendor.says([{"id": 7, "text": "milk"}], link='</x?after=8>; rel="next"')
        listing, writing = collect(names["NoteTools"](client))
        reply = await listing.run(Call("list_notes"), board="team a", limit=5)
        assert ([item.text for item in reply.items], reply.next_page) == (["milk"], {"after": "8"})
        assert (writing.writes, writing.resources) == (True, {"board": "boards"})
        assert vendor.asked[0].scope["raw_path"] == b"/boards/team%20a/notes"
        assert dict(vendor.asked[0].query_params) == {"size": "5"}
        await client._vendor.aclose()
