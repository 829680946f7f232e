"""Kept replies: the vendor is asked each time, only the same tenant and credential profit, and all is bounded."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from api_kit import Credential, Refusal
from api_kit.cache import Cache, Key, matches, worth_keeping
from api_kit.routes import Call, Route
from api_kit.upstream import Upstream
from core.api_kit.liar import vendor
from fixtures.serving import serving
from hypothesis import given
from hypothesis import strategies as st
from service_kit.http import HttpClient, Reply
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ROUTE = Route("GET", "/tickets/{ticket:number}", query=frozenset({"page"}), accepts=("application/json", "text/plain"))
ONE, TWO = Credential("one", {"authorization": "Basic one"}), Credential("two", {"authorization": "Basic two"})
KEY = Key("x", "one", "GET /tickets", "/tickets/7", "application/json")


@dataclass
class Library:
    """A vendor whose replies have ETags; keeps what it was asked, and how it answered."""

    tag: str = '"1"'
    document: Any = None
    refuses: int = 0
    seen: list[tuple[str, str | None, int]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        asked = request.headers.get("if-none-match")
        rates = {"x-ratelimit-remaining": str(100 - len(self.seen)), "x-agent-cache": "lie"}
        content = json.dumps(self.document or {"body": "x" * 100}).encode()
        if self.refuses:
            reply = Response(b"{}", self.refuses, rates, "application/json")
        elif asked == self.tag:
            reply = Response(b"", 304, {"etag": self.tag, "content-type": "text/html", **rates})
        else:
            reply = Response(content, 200, {"etag": self.tag, "link": "</next>", **rates}, "application/json")
        self.seen.append((request.headers["authorization"], asked, reply.status_code))
        await reply(scope, receive, send)


@dataclass
class Desk:
    """The way to the library."""

    library: Library
    upstream: Upstream

    async def read(
        self,
        *,
        credential: Credential = ONE,
        tenant: str | None = "x",
        route: Route = ROUTE,
        accept: str = "application/json",
        fails: bool = False,
        **conditions: str,
    ) -> Reply:
        """Read the ticket in a turn, which ends badly if the reply is found to be no good."""
        headers = {name.replace("_", "-"): value for name, value in conditions.items()}
        async with self.upstream.session(credential, tenant=tenant, caller="a") as turn:
            reply = (await turn.send(Call(route, {"ticket": "7"}, {}, None, accept, headers))).reply
            if fails:
                raise Refusal("reply_foreign", "it is not of the grant")
        return reply

    @property
    def asked(self) -> list[str | None]:
        """What was sent in If-None-Match."""
        return [asked for _, asked, _ in self.library.seen]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A vendor with ETags, and the way to it."""
    library = Library()
    async with serving(library) as url, HttpClient(base_url=url, retries=0) as http:
        yield Desk(library, Upstream(http, base_url=url, vendor=vendor()))


async def test_what_still_holds_is_answered_whole(desk: Desk) -> None:
    """The vendor says 304, and the caller gets the kept 200 with the vendor's fresh rate, marked as such."""
    first, again = await desk.read(), await desk.read()
    assert desk.asked == [None, '"1"']
    assert (again.status, again.body) == (200, first.body)
    assert first.headers["x-ratelimit-remaining"] == "100"
    assert again.headers["x-ratelimit-remaining"] == "99"
    assert (again.headers["content-type"], again.headers["link"]) == ("application/json", "</next>")
    assert "x-agent-cache" not in first.headers, "the vendor's own word for it is not passed on"
    assert again.headers["x-agent-cache"] == "revalidated"


async def test_what_changed_is_read_anew(desk: Desk) -> None:
    """Another ETag: the new reply is passed on and kept in place of the old one."""
    await desk.read()
    desk.library.tag, desk.library.document = '"2"', {"body": "new"}
    assert (await desk.read()).body == b'{"body": "new"}'
    assert (await desk.read()).body == b'{"body": "new"}'
    assert desk.asked == [None, '"1"', '"2"']
    assert len(desk.upstream.cache) == 1


async def test_a_caller_that_asks_itself_is_told_304(desk: Desk) -> None:
    """A caller's own condition that still holds gets the vendor's 304; one that does not gets the reply."""
    await desk.read()
    assert (await desk.read(if_none_match='"1"')).status == 304
    assert (await desk.read(if_none_match='W/"1", "7"')).status == 304
    old = await desk.read(if_none_match='"0"')
    assert (old.status, old.headers["x-agent-cache"]) == (200, "revalidated")
    assert desk.asked == [None, '"1"', '"1"', '"1"']


async def test_other_conditions_pass_untouched(desk: Desk) -> None:
    """What is not asked by ETag is between caller and vendor."""
    await desk.read()
    await desk.read(if_modified_since="Sat, 21 Nov 2026 01:00:00 GMT")
    await desk.read(if_none_match="*")
    assert desk.asked == [None, None, "*"]


async def test_nobody_else_profits(desk: Desk) -> None:
    """Another tenant, credential or media type is asked for anew; without a tenant nothing is kept."""
    await desk.read()
    await desk.read(tenant="y")
    await desk.read(credential=TWO)
    await desk.read(accept="text/plain")
    await desk.read(tenant=None)
    await desk.read(tenant=None)
    await desk.read(route=Route("GET", "/tickets/{ticket:number}", cache=False))
    assert desk.asked == [None] * 7
    assert len(desk.upstream.cache) == 4


async def test_whoever_may_no_longer_read_gets_nothing(desk: Desk) -> None:
    """The vendor's refusal is passed on, whatever is kept: it is asked each time."""
    await desk.read()
    for status in (401, 403, 404, 500):
        desk.library.refuses = status
        reply = await desk.read()
        assert (reply.status, reply.body) == (status, b"{}")


async def test_what_was_refused_is_not_kept(desk: Desk) -> None:
    """A reply that the gateway refuses is not kept, and falls when it was."""
    with pytest.raises(Refusal):
        await desk.read(fails=True)
    assert len(desk.upstream.cache) == 0
    await desk.read()
    with pytest.raises(Refusal):
        await desk.read(fails=True)
    await desk.read()
    assert desk.asked == [None, None, '"1"', None]


async def test_a_304_that_nobody_asked_for_is_passed_on(desk: Desk) -> None:
    """Without anything kept there is nothing to put in its place."""
    desk.library.refuses = 304
    assert (await desk.read()).status == 304


def reply(status: int = 200, size: int = 10, **headers: str) -> Reply:
    """Make a reply."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, httpx.Headers(named), b"x" * size)


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        (reply(etag='"a"'), True),
        (reply(etag='W/"a"'), True),
        (reply(etag='"a"', cache_control="private, max-age=60"), True),
        (reply(etag='"a"', cache_control="No-Store"), False),
        (reply(etag="a"), False),
        (reply(etag='"a", "b"'), False),
        (reply(), False),
        (reply(206, etag='"a"'), False),
        (reply(404, etag='"a"'), False),
    ],
)
def test_what_is_kept(made: Reply, kept: bool) -> None:
    """Whole replies with one ETag, unless the vendor forbids it."""
    assert worth_keeping(made) is kept
    cache = Cache()
    cache.keep(KEY, made)
    assert len(cache) == kept


@pytest.mark.parametrize(
    ("condition", "tag", "holds"),
    [
        ('"a"', '"a"', True),
        ('W/"a"', '"a"', True),
        ('"a"', 'W/"a"', True),
        ('"b","a"', '"a"', True),
        ("*", '"a"', True),
        ('"b"', '"a"', False),
        ("a", '"a"', False),
        ('"a,b"', '"a"', False),
        ("", '"a"', False),
    ],
)
def test_conditions_are_weakly_compared(condition: str, tag: str, holds: bool) -> None:
    """As RFC 9110 says for If-None-Match."""
    assert matches(condition, tag) is holds


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 700), st.booleans()), max_size=80))
def test_the_cache_stays_within_its_bounds(steps: list[tuple[int, int, bool]]) -> None:
    """Whatever is kept and dropped: entries and bytes are bounded, counted right, and the last one used stays."""
    cache = Cache(entries=4, total_bytes=1500, entry_bytes=600)
    for number, size, drops in steps:
        key = Key("x", "one", "r", f"/{number}", "a")
        if drops:
            cache.drop(key)
            assert cache.find(key) is None
        else:
            cache.keep(key, reply(size=size, etag='"a"'))
            assert (cache.find(key) is not None) == (size <= 600 - 12)
        assert len(cache) <= 4
        assert cache.bytes <= 1500
    for number in range(7):
        cache.drop(Key("x", "one", "r", f"/{number}", "a"))
    assert (len(cache), cache.bytes) == (0, 0)
