"""docs/adding-a-server.md: its server works behind the gateway of the other page; tests/conformance runs over both."""

from pathlib import Path

import asyncpg
import pytest
from core.mcp_kit.speaking import call, text_of
from fixtures.gateway import running_task, served
from fixtures.pages import gateway_page, server_page
from fixtures.serving import serving
from mcp_kit.app import build_app
from service_kit.settings import load


@pytest.mark.slow
async def test_the_gateway_of_the_other_page_lets_it_through(
    tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """What the client asks, its paging too, is in the table; a write is confirmed."""
    names, record = server_page(), gateway_page()["RECORD"]
    async with (
        serving(record.stand_in()) as upstream,
        served(
            tmp_path, database_url, record.vendor(), record.table(), upstream_url=upstream, tenant=record.grant
        ) as gateway,
    ):
        environ = {
            "CORKBOARD_API_URL": gateway.url,
            "CORKBOARD_GATEWAY": "true",
            "CORKBOARD_TOKEN": gateway.services["corkboard-mcp"],
            "AGENT_JWKS_FILE": str(tmp_path / "jwks.json"),
            "AGENT_REF_KEY": "cd" * 32,
        }
        settings = load(names["CorkboardSettings"], environ)
        async with serving(build_app(names["build_server"](settings), settings)) as url:
            task, attempt = await running_task(pool)
            grant = record.grant.model_copy(update={"tools": ["list_notes", "note_write"]})
            token = gateway.token(grant, task=task, attempt=attempt)
            listed = await call(url, "auto", "list_notes", {"board": "team", "limit": 2}, token)
            note = {"board": "team", "title": "Cat", "text": "feed it"}
            written = await call(url, "auto", "note_write", note, token)
            assert [one.is_error for one in (listed, written)] == [False, False], text_of(listed) + text_of(written)


def test_its_tools_are_those_of_the_record() -> None:
    """The record's tools are the server's, each with its access."""
    names, record = server_page(), gateway_page()["CORKBOARD"]
    server = names["build_server"](load(names["CorkboardSettings"], {}))
    assert {one.name: "write" if one.writes else "read" for one in server.tools} == dict(record.tools)
