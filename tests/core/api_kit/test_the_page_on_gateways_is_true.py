"""docs/adding-a-gateway.md: its blocks are a gateway that the kit takes, and the tests that it shows pass there."""

import re
from collections.abc import Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import agent_effects
import agent_ledger
import asyncpg
import httpx
import pytest
from agent_contracts import Grant, TaskResult
from api_kit import Call, Json
from fixtures.gateway import running_task, served, until
from fixtures.serving import serving
from pydantic import SecretStr
from service_kit.http import Reply
from service_kit.settings import load
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PAGE = Path(__file__).parents[3] / "docs/adding-a-gateway.md"
GATEWAY, TESTS = PAGE.read_text().split("## The tests")


def run(text: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run the blocks of a text, and give what they define."""
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    return names


def page() -> dict[str, Any]:
    """Run the blocks before those on tests."""
    return run(GATEWAY, {"__name__": "page"})


def fetching(*rows: Mapping[str, Json], asked: list[str]) -> Any:
    """Make what reads the vendor: we are `bot`, and all other paths are a list of these rows."""

    async def fetch(path: str) -> Any:
        asked.append(path)
        return {"login": "bot"} if path == "/me" else list(rows)

    return fetch


class Corkboard:
    """The vendor: keeps the notes of one board."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self.read: list[int] = []

    def app(self) -> Starlette:
        """Make what answers."""
        post = Route("/boards/{board}/notes", self._post, methods=["POST"])
        return Starlette(routes=[post, Route("/notes/{note:int}", self._get)])

    async def _post(self, request: Request) -> Response:
        self.notes.append({"board": request.path_params["board"], **await request.json()})
        return JSONResponse(self.notes[-1], 201)

    async def _get(self, request: Request) -> Response:
        note = request.path_params["note"]
        self.read.append(note)
        return JSONResponse(self.notes[note - 1]) if note <= len(self.notes) else JSONResponse({}, 404)


@pytest.mark.parametrize("named", ["created", "SEARCHED"])
async def test_the_probes_find_what_was_lost(named: str) -> None:
    """The note that carries the mark and is our own is found, a stranger's copy is not; what is found is a 201."""
    names = page()
    route = next(route for route in names["table"]().routes if route.writes)
    probe = route.probe if named == "created" else names[named]
    call, effect, now = (
        Call(route, {"board": "team"}, {}, body={"title": "t", "text": "milk"}),
        uuid4(),
        datetime.now(UTC),
    )
    sent = probe.mark(call.body, effect)
    assert sent["text"].startswith("milk\n\n<!--")
    mine, copied = {**sent, "author": "bot"}, {**sent, "author": "stranger"}
    asked: list[str] = []
    assert await probe.find(call, effect, fetching(copied, mine, asked=asked), now) == mine
    assert await probe.find(call, effect, fetching(copied, asked=asked), now) is None
    assert probe.status == 201
    lists = {"created": "/boards/team/notes?page=1&size=50", "SEARCHED": f"/search?words={effect}&since={now.date()}"}
    assert set(asked) == {"/me", lists[named]}


def test_what_was_asked_is_looked_for_within_what_is_marked() -> None:
    """A reply with the mark is whole; another title or text is told."""
    names = page()
    route = next(route for route in names["table"]().routes if route.writes)
    asked: dict[str, Json] = {"title": "t", "text": "milk"}
    marked = route.probe.mark(asked, uuid4())
    assert route.verify_reply(asked, marked) is None
    assert route.verify_reply(asked, {**marked, "title": "x"}) == "the title is 'x'"
    assert route.verify_reply(asked, {**marked, "text": "x"}) == "the text is another one"


def test_the_vendor_is_one() -> None:
    """Its functions say what the page says."""
    names = page()
    stores = {"ACCESS_FILE": "/access.yaml", "AGENT_JWKS_FILE": "/jwks.json", "DATABASE_URL": "postgresql://host/base"}
    vendor = names["corkboard"](load(names["CorkboardApiSettings"], stores | {"CORKBOARD_UPSTREAM_TOKEN": "token"}))
    assert (vendor.name, vendor.credential("default").headers) == ("corkboard", {"authorization": "Bearer token"})
    assert vendor.link({"web_url": "https://corkboard.example/7"}) == "https://corkboard.example/7"
    assert [pause.seconds for pause in vendor.pauses(Reply(429, httpx.Headers(), b""), "core")] == [30.0]


@pytest.fixture
def shown() -> dict[str, Any]:
    """The page's own tests, whose fixture is entered by hand."""
    names = page() | {
        "pytest": SimpleNamespace(fixture=asynccontextmanager),
        "Corkboard": Corkboard,
        **{one.__name__: one for one in (Grant, SecretStr, TaskResult, running_task, served, serving, until)},
        **{one.__name__: one for one in (agent_effects, agent_ledger, asyncpg)},
    }
    run("```python\nfrom collections.abc import AsyncIterator\nfrom uuid import UUID\nServed = object\n```", names)
    return run(TESTS, names)


async def test_the_tests_of_the_page_pass(
    shown: dict[str, Any], tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """A note is written; a proposal is sent when it is approved."""
    vendor = Corkboard()
    async with shown["api"](tmp_path, database_url, vendor) as api:
        await shown["test_a_note_is_written"](api, pool)
        await shown["test_a_proposal_is_sent_when_it_is_approved"](api, pool)
    assert [note["title"] for note in vendor.notes] == ["Milk", "Milk"]


async def test_a_board_is_looked_up(shown: dict[str, Any], tmp_path: Path, database_url: str) -> None:
    """A note of a granted board comes, by two requests; of another board or of none, or gone, it is refused."""
    vendor = Corkboard()
    vendor.notes = [{"board": "team"}, {"board": "other"}, {}]
    async with shown["api"](tmp_path, database_url, vendor) as api:
        token = api.token(shown["GRANT"])
        replies = [await api.ask("GET", f"/notes/{note}", token=token) for note in (1, 2, 3, 4)]
    assert [reply.status_code for reply in replies] == [200, 403, 403, 403]
    assert vendor.read == [1, 1, 2, 3, 4]
