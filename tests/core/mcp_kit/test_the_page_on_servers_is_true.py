"""docs/adding-a-server.md: its server works behind the gateway of the other page; tests/conformance runs over both."""

import re
from pathlib import Path

import asyncpg
import pytest
import yaml
from core.mcp_kit.speaking import answer_of, call, text_of
from fixtures.gateway import running_task, served
from fixtures.pages import DOCS, gateway_page, server_page
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


@pytest.mark.slow
async def test_a_tool_can_be_called_by_hand(tmp_path: Path, database_url: str) -> None:
    """The page's entry of a person and its call lead through server and gateway to the board."""
    page, names, record = (DOCS / "adding-a-server.md").read_text(), server_page(), gateway_page()["RECORD"]
    (entry,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(people:.*?)```", page, re.DOTALL))
    (hand,) = re.findall(r"^curl .*?\n```", page, re.DOTALL | re.MULTILINE)
    async with (
        serving(record.stand_in()) as upstream,
        served(
            tmp_path,
            database_url,
            record.vendor(),
            record.table(),
            upstream_url=upstream,
            tenant=record.grant,
            access=entry,
        ) as gateway,
    ):
        environ = {
            "CORKBOARD_API_URL": gateway.url,
            "CORKBOARD_GATEWAY": "true",
            "CORKBOARD_TOKEN": gateway.services["corkboard-mcp"],
            "ACCESS_FILE": str(tmp_path / "access.yaml"),
        }
        settings = load(names["CorkboardSettings"], environ)
        async with serving(build_app(names["build_server"](settings), settings)) as url:
            headers = dict(one.split(": ") for one in re.findall(r"-H ['\"](.*?)['\"]", hand))
            headers["Authorization"] = headers["Authorization"].replace("$TOKEN", gateway.services["ada"])
            (body,) = re.findall(r"-d '(.*)'", hand)
            reply = await gateway.client.post(f"{url}/mcp", content=body, headers=headers)
    result = answer_of(reply)["result"]
    assert (result["isError"], result["content"][0]["text"].partition("\n")[0]) == (False, "3 notes of team:")


def test_its_tools_are_those_of_the_record() -> None:
    """The record's tools are the server's, each with its access."""
    names, record = server_page(), gateway_page()["CORKBOARD"]
    server = names["build_server"](load(names["CorkboardSettings"], {}))
    assert {one.name: "write" if one.writes else "read" for one in server.tools} == dict(record.tools)
