"""A flood of refusals is cheap: a pause before what is refused for its rate, and no large body read in vain."""

import asyncio
import time

import pytest
from fixtures.serving import serving
from service_kit import flood_guard
from service_kit.flood_guard import FloodGuard
from service_kit.http import HttpClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

LARGE = 5_000_000


async def limited(_: Request) -> Response:
    """Refuse for the rate, without a look at the body."""
    return Response("wait", 429, headers={"x-sample-error": "rate"})


async def closed(_: Request) -> Response:
    """Refuse without a look at the body."""
    return Response("no", 401)


async def read(request: Request) -> Response:
    """Give back how long the body is."""
    return Response(str(len(await request.body())))


def app() -> FloodGuard:
    """Make an app of these, with the guard around it."""
    routes = {"/rate": limited, "/unread": closed, "/": read}
    return FloodGuard(Starlette(routes=[Route(path, answer, methods=["POST"]) for path, answer in routes.items()]))


async def announced(url: str, path: str, length: int) -> tuple[str, float, int]:
    """Announce a body and send it as far as it is taken; give the head, when it ended, and how much was taken."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    began, sent = time.monotonic(), 0
    writer.write(f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n".encode())
    head = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    try:
        async with asyncio.timeout(10):
            while sent < length and not reader.at_eof():
                writer.write(b"x" * 50_000)
                sent += 50_000
                await writer.drain()
                await asyncio.sleep(0)
    except (ConnectionError, TimeoutError):
        pass
    finally:
        told = (await head).decode().lower()
        writer.transport.abort()
    return told, time.monotonic() - began, sent


async def test_what_is_refused_for_its_rate_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal with the reason `rate` comes after the pause, and no other answer does."""
    monkeypatch.setattr(flood_guard, "PAUSE_SECONDS", 0.3)
    async with serving(app()) as url, HttpClient(base_url=url) as http:
        for path, status in (("/rate", 429), ("/unread", 401), ("/", 200)):
            began = time.monotonic()
            assert (await http.request("POST", path, content=b"x")).status == status
            assert (time.monotonic() - began >= 0.3) == (status == 429)


async def test_a_large_body_that_nobody_reads_is_left_in_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer arrives whole, the connection is closed after a while, and most of the body was never taken."""
    monkeypatch.setattr(flood_guard, "LINGER_SECONDS", 0.3)
    async with serving(app()) as url:
        head, seconds, sent = await announced(url, "/unread", 100 * LARGE)
    assert head.startswith("http/1.1 401")
    assert "connection: close" in head
    assert seconds >= 0.3
    assert sent < 10 * LARGE


async def test_what_is_read_is_answered_as_ever() -> None:
    """A large body that the app reads, whole or in chunks, and a small one that it leaves, keep their connection."""
    async with serving(app()) as url, HttpClient(base_url=url) as http:
        reply = await http.request("POST", "/", content=b"x" * LARGE)
        assert (reply.text, reply.headers.get("connection")) == (str(LARGE), None)
        small = await http.request("POST", "/unread", content=b"x" * 100)
        assert (small.status, small.headers.get("connection")) == (401, None)
