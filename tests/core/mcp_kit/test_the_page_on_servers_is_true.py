"""docs/adding-a-server.md: its blocks are a server that the kit takes, behind the gateway of the other page too."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from agent_contracts import Grant
from core.mcp_kit.corkboard import Corkboard
from core.mcp_kit.speaking import call, text_of
from fixtures.gateway import running_task, served
from fixtures.resource_kinds import BOARDS
from fixtures.serving import serving
from mcp_kit.app import build_app
from mcp_kit.call import Call
from mcp_kit.tool import Resource, collect
from pydantic import SecretStr
from service_kit.settings import load

DOCS = Path(__file__).parents[3] / "docs"
GRANT = Grant(tools=["list_notes", "note_write"], resources={"boards": ["team"]}, mode="write")
NOTE = {"id": 7, "board": "team", "title": "Milk", "text": "buy some"}


def page(name: str, end: str) -> dict[str, Any]:
    """Run the blocks of a page before a heading, and give what they define."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", (DOCS / name).read_text().split(end)[0], re.DOTALL):
        exec(block, names)
    return names


@pytest.fixture
def names() -> dict[str, Any]:
    """The server of the page."""
    return page("adding-a-server.md", "## The record")


async def test_the_server_of_the_page_lists_notes(names: dict[str, Any]) -> None:
    """Settings, client and tools of the page ask the vendor and answer a call."""
    async with Corkboard().running() as vendor:
        environ = {"CORKBOARD_API_URL": vendor.url, "CORKBOARD_TOKEN": "t0ken"}
        client = names["Corkboard"](load(names["CorkboardSettings"], environ))
        vendor.says([NOTE], link='</x?page=8>; rel="next"')
        listing, writing = collect(names["NoteTools"](client))
        reply = await listing.run(Call("list_notes"), board="team a", limit=5)
        assert ([item.text for item in reply.items], reply.next_page) == (["buy some"], {"page": "8"})
        assert (writing.writes, writing.resources) == (True, {"board": Resource(BOARDS)})
        assert vendor.asked[0].scope["raw_path"] == b"/boards/team%20a/notes"
        assert dict(vendor.asked[0].query_params) == {"size": "5"}
        await client.aclose()


@asynccontextmanager
async def behind_its_gateway(
    names: dict[str, Any], vendor: Corkboard, folder: Path, database_url: str, pool: asyncpg.Pool
) -> AsyncIterator[tuple[str, str]]:
    """Serve the server of one page behind the gateway of the other; give its address and a running task's token."""
    gateways = page("adding-a-gateway.md", "## The tests")
    upstream = gateways["CorkboardApiSettings"].model_construct(
        corkboard_upstream_token=SecretStr("token"), corkboard_upstream_tokens_file=None
    )
    made, table = gateways["corkboard"](upstream), gateways["table"]()
    async with served(folder, database_url, made, table, upstream_url=vendor.url, tenant=GRANT) as gateway:
        environ = {
            "CORKBOARD_API_URL": gateway.url,
            "CORKBOARD_GATEWAY": "true",
            "CORKBOARD_TOKEN": gateway.services["corkboard-mcp"],
            "AGENT_JWKS_FILE": str(folder / "jwks.json"),
            "AGENT_REF_KEY": "cd" * 32,
        }
        settings = load(names["CorkboardSettings"], environ)
        async with serving(build_app(names["build_server"](settings), settings)) as url:
            task, attempt = await running_task(pool)
            yield url, gateway.token(GRANT, task=task, attempt=attempt)


async def test_the_gateway_of_the_other_page_lets_it_through(
    names: dict[str, Any], tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """What the client asks, its paging too, is in the table; a write is confirmed."""
    async with (
        Corkboard().running() as vendor,
        behind_its_gateway(names, vendor, tmp_path, database_url, pool) as (url, token),
    ):
        vendor.says([NOTE])
        listed = await call(url, "auto", "list_notes", {"board": "team", "limit": 5}, token)
        vendor.says(NOTE, 201)
        written = await call(url, "auto", "note_write", {"board": "team", "title": "Milk", "text": "buy some"}, token)
        assert [one.is_error for one in (listed, written)] == [False, False], text_of(listed) + text_of(written)
        assert [(one.method, dict(one.query_params)) for one in vendor.asked] == [("GET", {"size": "5"}), ("POST", {})]
