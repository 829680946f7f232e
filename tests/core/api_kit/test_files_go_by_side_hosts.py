"""Files that lie on other hosts of a vendor: read from there, and put there, by URLs of the vendor's replies alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import agent_effects
import httpx
import pytest
from agent_contracts import Grant, Mode
from api_kit import (
    Answered,
    Body,
    Call,
    Classified,
    Probe,
    Refusal,
    Resource,
    Route,
    SideExchange,
    Table,
    document_of,
    download,
    download_ends,
    multipart,
    proposal_document,
)
from asyncpg import Pool
from core.api_kit.toy import TOOLS, Toy, never_found, toy
from fixtures.resource_kinds import CHANNELS, PROJECTS
from fixtures.serving import serving
from service_kit.text_ends import Room, TextEnds
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Endpoint

GRANT = Grant.model_validate({"resources": {"projects": ["ops"], "channels": ["C1"]}, "mode": "write"})
PROJECT = Resource(PROJECTS, "path", "{project}")
TEXT = ("text/plain",)
LONG = "".join(f"line {number}\n" for number in range(100))
ADDRESS = Route("GET", "/files/address", query=frozenset({"length"}))
FINISH = Route("POST", "/files/finish", body=Body(frozenset({"file", "channel"})))


async def upload(call: Call, exchange: SideExchange) -> Answered:
    """Ask where the file goes, put it there, and say that it is whole."""
    assert isinstance(call.body, dict)
    assert isinstance(call.body["file"], dict)
    content = multipart.content_of(call.body["file"])
    address = document_of((await exchange.ask(Call(ADDRESS, {}, {"length": str(len(content))}))).reply)
    if not isinstance(address, dict):
        raise Refusal("upstream_broken", "the vendor gave no address")
    await exchange.side(str(address["url"]), method="POST", content=content, headers={"content-type": "text/plain"})
    return await exchange.ask(Call(FINISH, {}, {}, {"file": address["file"], "channel": call.body["channel"]}))


async def guess(call: Call, exchange: SideExchange) -> Answered:
    """Ask a listed host for what no reply named."""
    return Answered(await exchange.side("http://127.0.0.1:1/guessed"), Classified("done"))


TABLE = Table(
    [
        Route("GET", "/{project:name}/file", resources=(PROJECT,), accepts=TEXT, opaque=frozenset(TEXT), send=download),
        Route(
            "GET",
            "/{project:name}/log",
            resources=(PROJECT,),
            accepts=TEXT,
            opaque=frozenset(TEXT),
            send=download_ends(Room(head=20, tail=20)),
        ),
        Route("GET", "/{project:name}/guess", resources=(PROJECT,), send=guess),
        Route(
            "POST",
            "/files",
            access="write",
            tools=TOOLS,
            resources=(Resource(CHANNELS, "body", "{channel}"),),
            body=Body(frozenset({"channel", "note"}), form="multipart", files=frozenset({"file"})),
            verify_reply=lambda asked, reply: None,
            probe=Probe(never_found),
            send=upload,
        ),
    ]
)


@dataclass
class Side:
    """A side host: keeps what it was sent."""

    url: str = ""
    seen: list[tuple[str, bytes]] = field(default_factory=list)
    opened: list[str | None] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        """Take or give a file."""
        self.seen.append((f"{request.method} {request.url.path}", await request.body()))
        self.opened.append(request.headers.get("authorization"))
        text = LONG if request.url.path == "/long" else "log"
        return Response(text, media_type="text/plain", headers={"set-cookie": "a=b", "x-evil": "1"})

    @property
    def host(self) -> str:
        """Its name and port."""
        return self.url.removeprefix("http://")


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    """A side host."""
    made = Side()
    async with serving(Starlette(routes=[Endpoint("/{path}", made.answer, methods=["GET", "POST"])])) as url:
        made.url = url
        yield made


@pytest.fixture
async def broken() -> AsyncIterator[str]:
    """The name and port of a host that closes every connection."""
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def api(tmp_path: Path, pool: Pool, side: Side, broken: str) -> AsyncIterator[Toy]:
    """A gateway that lists it, one where nobody listens, and one that breaks off."""
    hosts = frozenset({side.host, broken, "127.0.0.1:1"})
    async with toy(tmp_path, pool, GRANT, table=TABLE, side_hosts=hosts) as opened:
        yield opened


async def put(api: Toy, **headers: str) -> httpx.Response:
    """Upload a file of five bytes as a client does."""
    files = {"file": ("a.log", b"crash", "text/plain")}
    return await api.client.post("/files", data={"channel": "C1"}, files=files, headers=headers)


async def rows(pool: Pool) -> list[dict[str, Any]]:
    """Return the states of all effects, oldest first."""
    return [dict(row) for row in await pool.fetch("select state, detail from gateway.effects order by began_at")]


async def test_an_upload_takes_three_steps(api: Toy, side: Side, pool: Pool) -> None:
    """The vendor gives an address, the bytes go there without the credential, the vendor is told: one effect row."""
    api.vendor.says({"url": f"{side.url}/put?sig=1", "file": "F1"})
    api.vendor.says({"file": "F1", "ok": True})
    reply = await put(api)
    assert (reply.status_code, reply.json()) == (200, {"file": "F1", "ok": True})
    assert api.vendor.seen == ["GET /rest/v1/files/address?length=5", "POST /rest/v1/files/finish"]
    assert (side.seen, side.opened) == ([("POST /put", b"crash")], [None])
    assert await rows(pool) == [{"state": "done", "detail": None}]


@pytest.mark.parametrize("url", ["http://127.0.0.1:2/put", "http://u@{host}/put", "{scheme}://{host}.evil.example/put"])
async def test_an_upload_to_another_host_is_refused(api: Toy, side: Side, pool: Pool, url: str) -> None:
    """An address on a host that is not listed gets no byte, and the vendor is not told that the file is whole."""
    api.vendor.says({"url": url.format(host=side.host, scheme="http"), "file": "F1"})
    reply = await put(api)
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")
    assert (side.seen, len(api.vendor.seen)) == ([], 1)
    assert [row["state"] for row in await rows(pool)] == ["unknown"]


async def test_an_upload_that_breaks_off_is_not_repeated(api: Toy, side: Side, pool: Pool) -> None:
    """Where the side host cannot be reached, a part was sent: the effect is unknown, and a repeat is refused."""
    api.vendor.says({"url": "http://127.0.0.1:1/put", "file": "F1"})
    first, again = [await put(api, **{"idempotency-key": "k"}) for _ in range(2)]
    assert (first.json()["reason"], first.headers["x-agent-effect-state"]) == ("upstream_broken", "unknown")
    assert (again.status_code, len(api.vendor.seen)) == (409, 1)


async def test_a_download_comes_from_a_listed_side_host_alone(api: Toy, side: Side) -> None:
    """A redirect to a listed host is read without the credential; one to another host, or with a user, is refused."""
    api.vendor.says(None, 302, location=f"{side.url}/a?sig=1")
    reply = await api.client.get("/ops/file")
    assert (reply.status_code, reply.text, reply.headers.get("x-evil")) == (200, "log", None)
    assert side.opened == [None]
    for place in ("http://127.0.0.1:2/a", f"http://u@{side.host}/a", "file:///etc/passwd", "//[", ""):
        api.vendor.says(None, 302, location=place)
        assert (await api.client.get("/ops/file")).json()["reason"] == "redirect"
    assert len(side.seen) == 1


async def test_a_long_log_keeps_its_ends(api: Toy, side: Side) -> None:
    """Of a text longer than there is room for, the first and the last lines pass, and a header tells of the others."""
    api.vendor.says(None, 302, location=f"{side.url}/long")
    reply = await api.client.get("/ops/log")
    kept = TextEnds.read(reply.content, reply.headers)
    assert (kept.head, kept.tail) == (b"line 0\nline 1\n", b"line 98\nline 99\n")
    assert (kept.left_out_lines, kept.left_out_bytes) == (96, len(LONG) - 30)
    api.vendor.says(None, 302, location=f"{side.url}/short")
    whole = await api.client.get("/ops/log")
    assert (whole.text, "x-agent-text-cut" in whole.headers) == ("log", False)


async def test_a_url_that_no_reply_named_is_not_asked(api: Toy) -> None:
    """A route's own code reaches a listed host only by a URL of this request's replies."""
    assert (await api.client.get("/ops/guess")).json()["reason"] == "redirect"


async def test_any_file_can_be_proposed(tmp_path: Path, pool: Pool) -> None:
    """A file with NUL bytes, as every picture has, is kept as it came; a NUL in a text is refused."""
    picture = b"\x89PNG\r\n\x00\xff"
    async with toy(tmp_path, pool, GRANT.model_copy(update={"mode": Mode.propose}), table=TABLE) as api:
        files = {"file": ("a.png", picture, "image/png")}
        reply = await api.client.post("/files", data={"channel": "C1"}, files=files)
        assert (reply.status_code, api.vendor.seen) == (202, []), reply.text
        kept = await agent_effects.proposal(pool, UUID(reply.json()["proposal"]))
        body = proposal_document.restored(TABLE, kept.route, kept.call).body
        assert isinstance(body, dict)
        assert isinstance(body["file"], dict)
        assert multipart.content_of(body["file"]) == picture
        reply = await api.client.post("/files", data={"channel": "C1", "note": "a\0b"}, files=files)
        assert (reply.status_code, reply.json()["reason"]) == (400, "body")
        assert "NUL" in reply.json()["message"]


async def test_a_renamed_file_is_followed_at_the_vendor(api: Toy, side: Side) -> None:
    """A redirect to the vendor itself is followed under table and grant, and from there to the side host."""
    api.vendor.says(None, 301, location="/rest/v1/OPS/file")
    api.vendor.says(None, 302, location=f"{side.url}/a?sig=1")
    reply = await api.client.get("/ops/file")
    assert (reply.status_code, reply.text) == (200, "log")
    assert api.vendor.seen == ["GET /rest/v1/ops/file", "GET /rest/v1/OPS/file"]
    api.vendor.says(None, 301, location="/rest/v1/secret/file")
    reply = await api.client.get("/ops/file")
    assert (reply.status_code, reply.json()["reason"], len(api.vendor.seen)) == (502, "redirect", 3)


async def test_a_side_hosts_failures_leave_the_vendor_open(api: Toy, side: Side, broken: str) -> None:
    """However often a side host cannot be reached or breaks off, the vendor is asked."""
    for host in ("127.0.0.1:1", broken) * 6:
        api.vendor.says(None, 302, location=f"http://{host}/a")
        assert (await api.client.get("/ops/file")).status_code == 502
    api.vendor.says(None, 302, location=f"{side.url}/a")
    assert (await api.client.get("/ops/file")).text == "log"
