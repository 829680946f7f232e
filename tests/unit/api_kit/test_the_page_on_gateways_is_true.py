"""docs/adding-a-gateway.md: its blocks are a gateway that the kit takes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import api_kit
import httpx
from api_kit import Call, Json, marks
from api_kit.paths import encode
from api_kit.vendor import EVERYTHING
from pydantic import SecretStr
from service_kit.http import Reply

PAGE = Path(__file__).parents[3] / "docs/adding-a-gateway.md"


def page() -> dict[str, Any]:
    """Run the blocks before the one on tests, and give what they define."""
    text = PAGE.read_text().split("## The tests")[0]
    names: dict[str, Any] = {name: getattr(api_kit, name) for name in api_kit.__all__}
    names |= {"created": marks.created, "Own": marks.Own, "encode": encode, "EVERYTHING": EVERYTHING, "Reply": Reply}
    exec("from __future__ import annotations\n" + "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), names)
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
    assert set(asked) == {"/me", "/boards/team/notes?page=1"}


def test_the_vendor_is_one() -> None:
    """Its functions say what the page says."""
    settings = SimpleNamespace(corkboard_upstream_token=SecretStr("token"), corkboard_upstream_tokens_file=None)
    vendor = page()["corkboard"](settings)
    assert (vendor.name, vendor.credential("default").headers) == ("corkboard", {"authorization": "Bearer token"})
    assert vendor.link({"web_url": "https://corkboard.example/7"}) == "https://corkboard.example/7"
    assert [pause.seconds for pause in vendor.pauses(Reply(429, httpx.Headers(), b""), "core")] == [30.0]
