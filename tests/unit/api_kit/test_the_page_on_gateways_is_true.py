"""docs/adding-a-gateway.md: its blocks are a gateway that the kit takes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from api_kit import Call, Json
from service_kit.http import Reply
from service_kit.settings import load

PAGE = Path(__file__).parents[3] / "docs/adding-a-gateway.md"


def page() -> dict[str, Any]:
    """Run the blocks before the one on tests, and give what they define."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text().split("## The tests")[0], re.DOTALL):
        exec(block, names)
    return names


async def test_the_table_is_whole_and_finds_what_was_lost() -> None:
    """The kit takes the table; the note that carries the mark and is our own is found, a stranger's copy is not."""
    route = next(route for route in page()["table"]().routes if route.writes)
    call, effect = Call(route, {"board": "team"}, {}, body={"title": "t", "text": "milk"}), uuid4()
    sent = route.probe.mark(call.body, effect)
    assert sent["text"].startswith("milk\n\n<!--")
    asked: list[str] = []

    def of(*rows: Mapping[str, Json]) -> Any:
        async def fetch(path: str) -> Any:
            asked.append(path)
            return {"login": "bot"} if path == "/me" else list(rows)

        return fetch

    mine, copied = {**sent, "author": "bot"}, {**sent, "author": "stranger"}
    assert await route.probe.find(call, effect, of(copied, mine), datetime.now(UTC)) == mine
    assert await route.probe.find(call, effect, of(copied), datetime.now(UTC)) is None
    assert set(asked) == {"/me", "/boards/team/notes?page=1&size=50"}


def test_the_vendor_is_one() -> None:
    """Its functions say what the page says."""
    names = page()
    stores = {"ACCESS_FILE": "/access.yaml", "AGENT_JWKS_FILE": "/jwks.json", "DATABASE_URL": "postgresql://host/base"}
    vendor = names["corkboard"](load(names["CorkboardApiSettings"], stores | {"CORKBOARD_UPSTREAM_TOKEN": "token"}))
    assert (vendor.name, vendor.credential("default").headers) == ("corkboard", {"authorization": "Bearer token"})
    assert vendor.link({"web_url": "https://corkboard.example/7"}) == "https://corkboard.example/7"
    assert [pause.seconds for pause in vendor.pauses(Reply(429, httpx.Headers(), b""), "core")] == [30.0]
