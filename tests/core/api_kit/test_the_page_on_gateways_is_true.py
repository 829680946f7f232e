"""docs/adding-a-gateway.md: what it shows beyond what tests/conformance/gateways holds its gateway to."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from api_kit import Json
from fixtures.gateway import served
from fixtures.pages import gateway_page
from fixtures.serving import serving
from service_kit.http import Reply
from service_kit.settings import load


@pytest.fixture
def names() -> dict[str, Any]:
    """Return what the page defines."""
    return gateway_page()


def test_what_was_asked_is_looked_for_within_what_is_marked(names: dict[str, Any]) -> None:
    """A reply with the mark is complete; another title or text is named."""
    route = next(route for route in names["table"]().routes if route.writes)
    asked: dict[str, Json] = {"title": "t", "text": "milk"}
    marked = route.probe.mark(asked, uuid4())
    assert route.verify_reply(asked, marked) is None
    assert route.verify_reply(asked, {**marked, "title": "x"}) == "the title is 'x'"
    assert route.verify_reply(asked, {**marked, "text": "x"}) == "the text is another one"


def test_the_vendor_is_one(names: dict[str, Any]) -> None:
    """Its functions and those of a Corkboard that refuses with status 200 say what the page says."""
    stores = {"ACCESS_FILE": "/access.yaml", "AGENT_JWKS_FILE": "/jwks.json", "DATABASE_URL": "postgresql://host/base"}
    vendor = names["corkboard"](load(names["CorkboardApiSettings"], stores | {"CORKBOARD_UPSTREAM_TOKEN": "token"}))
    assert (vendor.name, vendor.credential("default").headers) == ("corkboard", {"authorization": "Bearer token"})
    assert vendor.link({"web_url": "https://corkboard.example/7"}) == "https://corkboard.example/7"
    assert [pause.seconds for pause in vendor.pauses(Reply(429, httpx.Headers(), b""), "core")] == [30.0]
    replies = [
        Reply(200, httpx.Headers({"content-type": "application/json"}), body)
        for body in (b'{"ok": false, "error": "ratelimited"}', b'{"ok": true}')
    ]
    assert [names["classify"](reply).state for reply in replies] == ["limited", "done"]


async def test_a_board_is_looked_up(names: dict[str, Any], tmp_path: Path, database_url: str) -> None:
    """A note of a granted board is shown by its number; another board's, and one that is not there, are refused."""
    record = names["RECORD"]
    async with (
        serving(record.stand_in()) as upstream,
        served(
            tmp_path, database_url, record.vendor(), record.table(), upstream_url=upstream, tenant=record.grant
        ) as gateway,
    ):
        token = gateway.token(record.grant)
        replies = [await gateway.ask("GET", f"/notes/{note}", token=token) for note in (1, 4, 99)]
        assert [reply.status_code for reply in replies] == [200, 403, 403]
