"""Proxies on both sides: a trusted one tells how callers addressed us, and a chosen one leads to the upstream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fixtures.ports import free_ports
from service_kit.errors import ConfigError, UpstreamUnreachable
from service_kit.forwarded import forwarded, networks, peer_of, prefix_of
from service_kit.guard import HostGuard
from service_kit.http import HttpClient
from service_kit.settings import ServedSettings, UpstreamSettings, load
from starlette.types import Receive, Scope, Send

TOLD = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "agents.example",
    "x-forwarded-prefix": "/github/",
}


def scope(client: str | None, *headers: tuple[str, str]) -> Scope:
    """Make a request's scope as uvicorn does, from a peer's address."""
    raw = [(name.encode(), value.encode()) for name, value in (("host", "127.0.0.1:9001"), *headers)]
    return {"type": "http", "scheme": "http", "path": "/x", "client": client and (client, 1), "headers": raw}


def address(found: Scope) -> str:
    """Write the address that a scope says."""
    host = dict(found["headers"])[b"host"].decode()
    return f"{found['scheme']}://{host}{prefix_of(found)}"


@pytest.mark.parametrize("client", ["10.0.0.7", "172.16.9.9", "::ffff:10.0.0.7"])
def test_a_trusted_proxy_tells_the_callers_address(client: str) -> None:
    """Scheme, host and prefix are those that the proxy was asked by."""
    trusted = networks(["10.0.0.7", "172.16.0.0/12"])
    assert address(forwarded(scope(client, *TOLD.items()), trusted)) == "https://agents.example/github"


@pytest.mark.parametrize("client", ["10.0.0.8", "127.0.0.1", "not-an-address", None])
def test_nobody_else_is_believed(client: str | None) -> None:
    """The headers of any other peer change nothing, and without a setting nobody's do."""
    for trusted in (networks(["10.0.0.7"]), ()):
        assert address(forwarded(scope(client, *TOLD.items()), trusted)) == "http://127.0.0.1:9001"


@pytest.mark.parametrize(
    "headers",
    [
        [("x-forwarded-host", "evil.example, agents.example")],
        [("x-forwarded-host", "evil.example"), ("x-forwarded-host", "agents.example")],
        [("x-forwarded-proto", "https, http")],
        [("x-forwarded-proto", "javascript")],
        [("x-forwarded-prefix", "//evil.example")],
        [("x-forwarded-prefix", "/a?b")],
        [("x-forwarded-prefix", "github")],
    ],
)
def test_what_a_caller_may_have_begun_is_not_taken(headers: list[tuple[str, str]]) -> None:
    """A list, a header twice and a value of another form change nothing."""
    assert address(forwarded(scope("10.0.0.7", *headers), networks(["10.0.0.7"]))) == "http://127.0.0.1:9001"


@pytest.mark.parametrize(
    ("client", "told", "peer"),
    [
        ("10.0.0.7", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.7", ["192.0.2.1, 203.0.113.9, 10.0.0.8"], "203.0.113.9"),
        ("10.0.0.7", ["192.0.2.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.7", ["192.0.2.1, unknown"], "10.0.0.7"),
        ("10.0.0.7", [], "10.0.0.7"),
        ("203.0.113.9", ["192.0.2.1"], "203.0.113.9"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("10.0.0.7", ["2001:db8:0:1:2:3:4:5"], "2001:db8:0:1::/64"),
    ],
)
def test_a_peer_is_the_last_address_that_is_no_proxys(client: str, told: list[str], peer: str) -> None:
    """What stands before it may be the caller's invention; an IPv6 caller has a whole network of addresses."""
    headers = [("x-forwarded-for", one) for one in told]
    assert peer_of(forwarded(scope(client, *headers), networks(["10.0.0.0/24"]))) == peer


async def test_the_host_that_a_proxy_tells_is_checked() -> None:
    """ALLOWED_HOSTS holds for the name that callers use, whoever tells it."""
    seen: list[Scope] = []
    sent: list[int] = []

    async def app(given: Scope, receive: Receive, send: Send) -> None:
        seen.append(given)

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, int]) -> None:
        sent.append(message.get("status", 0))

    for allowed in ("agents.example", "other.example"):
        guard = HostGuard(app, allowed_hosts=[allowed], proxies=networks(["10.0.0.7"]))
        await guard(scope("10.0.0.7", *TOLD.items()), receive, send)  # type: ignore[arg-type]
    assert [address(one) for one in seen] == ["https://agents.example/github"]
    assert sent[0] == 421


def test_trusted_proxies_are_addresses() -> None:
    """A name, or a network with too many bits, is refused by the variable's name."""
    assert len(load(ServedSettings, {"TRUSTED_PROXIES": "10.0.0.7, 172.16.0.0/12"}).proxies) == 2
    for wrong in ("proxy.example", "10.0.0.7/8"):
        with pytest.raises(ConfigError, match="TRUSTED_PROXIES"):
            load(ServedSettings, {"TRUSTED_PROXIES": wrong})


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """Run a proxy that answers for every address, and yield its own and what it was asked."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[0])
        status = "407 Proxy Authentication Required" if asked[-1].startswith("CONNECT") else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def test_the_upstream_is_asked_through_the_proxy() -> None:
    """With a proxy the request goes to it; an upstream on this machine is asked without."""
    (port,) = free_ports(1)
    async with proxy() as (url, asked):
        async with HttpClient(base_url="http://vendor.example", retries=0, proxy=url) as client:
            assert (await client.request("GET", "/issues")).status == 200
        assert asked == ["GET http://vendor.example/issues HTTP/1.1"]
        async with HttpClient(base_url=f"http://127.0.0.1:{port}", retries=0, proxy=url) as client:
            with pytest.raises(UpstreamUnreachable):
                await client.request("GET", "/issues")
        assert len(asked) == 1


@pytest.mark.parametrize(
    ("base_url", "dead", "cause"),
    [
        ("https://vendor.example", False, "the proxy refused, by way of UPSTREAM_PROXY"),
        ("https://vendor.example", True, "connection refused, by way of UPSTREAM_PROXY"),
    ],
)
async def test_a_proxy_that_refuses_is_named(base_url: str, dead: bool, cause: str) -> None:
    """What the proxy says no to was not sent, and the cause names the setting."""
    (port,) = free_ports(1)
    async with proxy() as (url, _):
        chosen = f"http://127.0.0.1:{port}" if dead else url
        async with HttpClient(base_url=base_url, retries=0, proxy=chosen) as client:
            with pytest.raises(UpstreamUnreachable) as refused:
                await client.request("GET", "/issues")
    assert refused.value.cause == cause


@pytest.mark.parametrize(
    ("base_url", "cause"),
    [("http://127.0.0.1:1", "connection refused"), ("http://vendor.invalid", "its name is not known to DNS")],
)
async def test_the_cause_of_no_connection_is_told(base_url: str, cause: str) -> None:
    """The message has the address for the log, and the cause has none."""
    async with HttpClient(base_url=base_url, retries=0) as client:
        with pytest.raises(UpstreamUnreachable, match=base_url) as refused:
            await client.request("GET", "/secret")
    assert refused.value.cause == cause


def test_a_proxy_of_the_environment_that_is_not_used_is_named() -> None:
    """Its name and the setting are told, never its value; a chosen proxy leaves nothing to tell."""
    settings = load(UpstreamSettings, {})
    for name in ("HTTPS_PROXY", "https_proxy"):
        told = settings.unused_proxy({name: "http://user:password@proxy.example"})
        assert told == "HTTPS_PROXY is set and not used: set UPSTREAM_PROXY to ask the upstream through a proxy"
    assert settings.unused_proxy({"HTTPS_PROXY": ""}) is None
    chosen = load(UpstreamSettings, {"UPSTREAM_PROXY": "http://proxy.example:3128"})
    assert chosen.unused_proxy({"HTTPS_PROXY": "http://proxy.example"}) is None


@pytest.mark.parametrize(
    "url",
    [
        "socks5://user:password@proxy.example",
        "http://",
        "http://proxy.example:port",
        "http://user:pass/word@proxy.example",
        "http://user:pass word@proxy.example",
        "http://user:password@",
        "http://user:password@proxy.example:99999",
    ],
)
def test_an_address_that_is_no_proxy_s_is_refused_unseen(url: str) -> None:
    """A wrong address is refused at the start, and nothing of it is shown, as it may hold a password."""
    with pytest.raises(ConfigError, match=r"^UPSTREAM_PROXY is not usable: it is no address of a proxy") as error:
        load(UpstreamSettings, {"UPSTREAM_PROXY": url})
    assert "user:pass" not in str(error.value)
    assert "proxy.example" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["http://proxy.example:3128", "http://user:pass%2Fword@proxy.example:3128", "https://u:p@[::1]:8080/"]
)
def test_a_proxy_may_have_a_user(url: str) -> None:
    """An address with a user and a password is taken as it is."""
    assert load(UpstreamSettings, {"UPSTREAM_PROXY": url}).upstream_proxy == url
