"""A vendor that lies: a raw server that answers each path in its own wrong way, and some paths well."""

import asyncio
import json
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from api_kit import Credential, Resource, Route, Table, UpstreamVendor
from api_kit.breaker import BreakerConfig
from api_kit.effect_flow import PROPOSED
from api_kit.upstream import Upstream
from fixtures.resource_kinds import PROJECTS
from service_kit.boottime import boottime
from service_kit.http import HttpClient

LIES = ("slow", "drip", "html", "error", "half", "huge", "bomb", "storm", "headers", "mute", "unheard", "proposal")
MEGABYTE = b"x" * 1_000_000
BOMB = zlib.compress(MEGABYTE * 4)
TABLE = Table(
    Route(
        "GET",
        f"/{word}/{{project:name}}",
        resources=(Resource(PROJECTS, "path", "{project}"),),
        reply_resources=lambda document: [str(document.get("project")) if isinstance(document, dict) else ""],
        query=frozenset({"page"}),
    )
    for word in (*LIES, "good", "pages")
)


@dataclass
class Liar:
    """What it was asked, and what it still does.

    Attributes:
        asked: how often each path was asked for.
        under_way: requests that are not answered yet.
        most: the largest number of them at once.
        sent: bytes that went out of what is too long.
        release: lets what is slow be answered.
        ill: whether it lies at all.
    """

    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    most: int = 0
    sent: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)
    ill: bool = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode()
            word, project = path.partition("?")[0].split("/")[1:3]
            self.asked[path] += 1
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            try:
                await self._answer(word, {"project": project}, writer)
                await writer.drain()
            finally:
                self.under_way -= 1
        writer.close()

    async def _answer(self, word: str, document: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if not self.ill or word == "good":
            say(writer, document, etag=f'"{document["project"]}"')
        elif word in ("slow", "drip", "huge"):
            await self._drag(word, document, writer)
        elif word == "html":
            say(writer, b"<html>Down for maintenance</html>", kind="text/html")
        elif word == "error":
            say(writer, {"message": "Bad credentials", "status": "401"}, etag='"lie"')
        elif word == "proposal":
            say(writer, {"project": "secret"}, status=202, kind=PROPOSED)
        elif word == "half":
            say(writer, document, length=1000)
        elif word == "bomb":
            say(writer, BOMB, encoding="deflate")
        elif word == "storm":
            say(writer, {"message": "Server Error"}, status=502)
        elif word == "unheard":
            say(writer, document, status=999)
        elif word == "headers":
            writer.write(b"HTTP/1.1 200 OK\r\nx-lie: " + MEGABYTE + b"\r\n\r\n{}")
        elif word == "pages":
            following = f"{self.url}/pages/{document['project']}?page={sum(self.asked.values()) + 1}"
            say(writer, document, link=f'<{following}>; rel="next"')

    async def _drag(self, word: str, document: dict[str, str], writer: asyncio.StreamWriter) -> None:
        if word == "slow":
            await self.release.wait()
            return say(writer, document)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50000000\r\n\r\n")
        piece, pause = (b" ", 0.01) if word == "drip" else (MEGABYTE, 0)
        for _ in range(50_000_000 // len(piece)):
            if self.release.is_set():
                break
            writer.write(piece)
            await writer.drain()
            self.sent += len(piece)
            await asyncio.sleep(pause)
        return None


def say(
    writer: asyncio.StreamWriter,
    document: bytes | dict[str, str],
    *,
    status: int = 200,
    kind: str = "application/json; charset=utf-8",
    length: int | None = None,
    **headers: str,
) -> None:
    """Write a whole reply, or one that claims to be longer than it is."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    if "encoding" in headers:
        headers["content-encoding"] = headers.pop("encoding")
    every = {"content-type": kind, "content-length": str(length or len(content)), "connection": "close", **headers}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in every.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)


@asynccontextmanager
async def lying() -> AsyncIterator[Liar]:
    """Serve a liar."""
    liar = Liar()
    server = await asyncio.start_server(liar.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    liar.url = f"http://{host}:{port}"
    try:
        yield liar
    finally:
        liar.release.set()
        server.close()
        for _ in range(200):
            if not liar.under_way:
                break
            await asyncio.sleep(0.01)


def vendor() -> UpstreamVendor:
    """Make the liar a vendor whose tenants each have a credential of their own."""
    return UpstreamVendor(
        name="toy",
        credential=lambda tenant: Credential(tenant, {"authorization": f"Basic {tenant}"}),
        headers={},
        pauses=lambda reply, tier: [],
        link=lambda document: None,
    )


@asynccontextmanager
async def upstream_of(
    liar: Liar, *, seconds: float = 20.0, breaker: BreakerConfig | None = None, now: Callable[[], float] = boottime
) -> AsyncIterator[Upstream]:
    """Open the way to a liar, bounded as a gateway's is."""
    async with HttpClient(base_url=liar.url, retries=0, max_reply_bytes=2_000_000) as http:
        yield Upstream(http, base_url=liar.url, vendor=vendor(), seconds=seconds, breaker=breaker, now=now)
