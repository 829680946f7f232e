"""HTTP: retries of safe methods alone, our errors, limits; Host and Origin; health; taken ports."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from prometheus_client import CollectorRegistry, Counter
from service_kit.errors import ConfigError, NotReady, ReplyTooLarge, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.guard import HostGuard
from service_kit.health import health_routes
from service_kit.http import HttpClient
from service_kit.serve import bind, check_bind
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from structlog.testing import capture_logs


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app on a free port."""
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


class Upstream:
    """Answers 503 to the first requests of each method, with a Retry-After that is no number, then 200.

    `/slow` never answers, `/big` is large.
    """

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.seen: list[str] = []

    async def answer(self, request: Request) -> Response:
        """Answer by path and count."""
        self.seen.append(request.method)
        if request.url.path == "/slow":
            await asyncio.sleep(5)
        if request.url.path == "/big":
            return PlainTextResponse("x" * 5000)
        failing = self.seen.count(request.method) <= self.failures
        status = 503 if failing else 200
        return PlainTextResponse("later" if failing else "ok", status_code=status, headers={"retry-after": "²"})

    def app(self) -> Starlette:
        """Give the app."""
        return Starlette(routes=[Route("/{rest:path}", self.answer, methods=["GET", "POST"])])


async def test_only_safe_methods_are_retried() -> None:
    """A GET is tried again after 503; a POST is sent once, whatever the answer."""
    upstream = Upstream(failures=1)
    async with served(upstream.app()) as url, HttpClient(base_url=url) as http:
        assert (await http.request("GET", "/a")).status == 200
        assert (await http.request("POST", "/a")).status == 503
    assert upstream.seen == ["GET", "GET", "POST"]


@pytest.mark.parametrize("wrong", ["ghp_1\n", "ghp_1\x00", "ghp_1ä"])
async def test_a_header_that_cannot_be_sent_is_not_shown(wrong: str) -> None:
    """What breaks a header may be a secret: the error says that it was a header, and no more."""
    async with served(Upstream(failures=0).app()) as url, HttpClient(base_url=url) as http:
        with pytest.raises(UpstreamError, match="cannot be sent: a header") as error:
            await http.request("GET", "/a", headers={"authorization": f"Bearer {wrong}"})
    assert "ghp" not in str(error.value)


async def test_no_cookie_is_kept_for_the_next_request() -> None:
    """What an upstream sets for one caller is not sent for another."""
    seen = []

    async def answer(request: Request) -> Response:
        seen.append(request.headers.get("cookie"))
        return PlainTextResponse("ok", headers={"set-cookie": "session=one-callers; Path=/"})

    async with served(Starlette(routes=[Route("/", answer)])) as url, HttpClient(base_url=url) as http:
        assert (await http.request("GET", "/")).headers["set-cookie"]
        async with http.stream("GET", "/") as reply:
            assert [chunk async for chunk in reply.chunks] == [b"ok"]
        await http.request("GET", "/")
    assert seen == [None, None, None]


async def test_slow_large_and_missing_upstreams_raise_our_errors() -> None:
    """Each failure has a class that says whether the request may have been acted on."""
    async with served(Upstream(0).app()) as url, HttpClient(base_url=url, max_reply_bytes=1000, retries=0) as http:
        with pytest.raises(UpstreamTimeout):
            await http.request("GET", "/slow", timeout=0.2)
        with pytest.raises(ReplyTooLarge):
            await http.request("GET", "/big")
    async with HttpClient(base_url=url, retries=0) as http:
        with pytest.raises(UpstreamUnreachable):
            await http.request("GET", "/a")


def health_app() -> Starlette:
    """Make an app with health routes, one dependency of which is down, behind the guard."""

    async def down() -> None:
        raise ConnectionError("no route to the store: Bearer abcdefghijklmnop1234")

    async def fine() -> None:
        return None

    async def refused() -> None:
        raise NotReady("THE_TOKEN is refused") from ValueError("for db.internal")

    async def away() -> None:
        raise UpstreamUnreachable("no connection to db.internal", cause="refused")

    registry = CollectorRegistry()
    Counter("things", "things done", registry=registry).inc()
    checks = {"db": down, "redis": fine, "vendor": refused, "gateway": away}
    routes = health_routes(service="s", version="1", checks=checks, registry=registry)
    return Starlette(routes=[*routes, Route("/", lambda _: PlainTextResponse("hi"))])


async def test_health_ready_and_metrics_say_what_they_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health never asks dependencies; ready names the failing ones, of which the log has the details, each once."""
    async with served(health_app()) as url, HttpClient(base_url=url) as http:
        assert (await http.request("GET", "/health")).json()["status"] == "ok"
        monkeypatch.setattr("service_kit.health.READY_CACHE_SECONDS", 0.0)
        with capture_logs() as lines:
            ready = [await http.request("GET", "/ready", headers={"x": "y"}) for _ in range(2)][1]
        assert ready.status == 503
        assert ready.json()["checks"] == {
            "db": "fails: `check_failed` in this process's log says why",
            "redis": "ok",
            "vendor": "THE_TOKEN is refused",
            "gateway": "no connection: refused",
        }
        assert [(line["check"], line["error"]) for line in lines if line["event"] == "check_failed"] == [
            ("db", "no route to the store: Bearer abcdefghijklmnop1234"),  # which the log masks as it writes
            ("vendor", "THE_TOKEN is refused: for db.internal"),
            ("gateway", "no connection to db.internal"),
        ]
        assert "things_total 1.0" in (await http.request("GET", "/metrics")).text


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"host": "localhost:99"}, "/", 200),
        ({"host": "[::1]:99"}, "/", 200),
        ({"host": "evil.example"}, "/", 421),
        ({"host": "127.0.0.1.evil.example"}, "/", 421),
        ({"host": b"localhost:\xb2"}, "/", 421),
        ({"host": "evil.example"}, "/health", 200),
        ({"host": "mcp.example:9001"}, "/", 200),
        ({"origin": "http://localhost:5173"}, "/", 200),
        ({"origin": "https://evil.example"}, "/", 403),
        ({"origin": "null"}, "/", 403),
        ({"origin": "http://localhost.evil.example"}, "/", 403),
        ({"origin": "https://app.example"}, "/", 200),
    ],
)
async def test_foreign_hosts_and_origins_are_refused(headers: dict[str, Any], path: str, status: int) -> None:
    """Only loopback names and listed ones pass; health is outside the guard."""
    guarded = HostGuard(health_app(), allowed_hosts=["mcp.example"], allowed_origins=["https://app.example"])
    async with served(guarded) as url, HttpClient(base_url=url) as http:
        reply = await http.request("GET", path, headers=headers)
    assert reply.status == status
    if status != 200:
        remedy = {421: "Add it to ALLOWED_HOSTS.", 403: "Add it to ALLOWED_ORIGINS."}[status]
        assert (set(reply.json()), reply.json()["remedy"]) == ({"message", "reason", "remedy"}, remedy)


@pytest.mark.parametrize(
    ("origin", "status"), [("https://app.example", 200), ("http://localhost:5173", 200), ("https://evil.example", 403)]
)
async def test_pages_of_allowed_origins_may_call_by_script(origin: str, status: int) -> None:
    """A browser's preflight and its call are answered for an allowed origin, and refused for any other."""
    guarded = HostGuard(health_app(), allowed_origins=["https://app.example/"], browsers=True)
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,mcp-method"}
    async with served(guarded) as url, HttpClient(base_url=url) as http:
        before = await http.request("OPTIONS", "/", headers={"origin": origin, **asks})
        reply = await http.request("GET", "/", headers={"origin": origin})
    assert (before.status, reply.status) == (status, status)
    allowed = origin if status == 200 else None
    assert before.headers.get("access-control-allow-origin") == allowed
    assert reply.headers.get("access-control-allow-origin") == allowed
    if allowed:
        assert "authorization" in before.headers["access-control-allow-headers"]
        assert "www-authenticate" in reply.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in reply.headers


def test_a_taken_port_is_named_with_its_remedy() -> None:
    """The message names the port and how to choose another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"{port}.*--port"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_authentication_and_all_else_does(host: str) -> None:
    """Listening beyond loopback without authentication is refused unless the operator allows it."""
    check_bind(host, authenticated=False)
    check_bind("0.0.0.0", authenticated=True)
    check_bind("0.0.0.0", authenticated=False, allow_public=True)
    with pytest.raises(ConfigError, match=r"^WORKER_HTTP=0\.0\.0\.0 would be open"):
        check_bind("0.0.0.0", authenticated=False, setting="WORKER_HTTP")
