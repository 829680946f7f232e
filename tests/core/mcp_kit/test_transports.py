"""One process serves /mcp in both eras, /sse, and its health."""

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from core.mcp_kit.conftest import House, Running, Start
from core.mcp_kit.speaking import LEGACY, MODES, answer_of, client, text_of
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fixtures.ports import free_ports

VERSIONS = {"auto": "2026-07-28", "legacy": "2025-11-25", "sse": "2025-11-25"}
STDIO = (
    "import sys\nfrom mcp_kit.command import run_command\nfrom mcp_kit.settings import ServerSettings\n"
    "from core.mcp_kit.sample import SampleTools, sample_server\n"
    "sys.exit(run_command('github-mcp', ServerSettings, lambda _: sample_server(SampleTools())))\n"
)
TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("mode", MODES)
async def test_each_way_lists_and_calls(open_server: Running, mode: str) -> None:
    """The same tools answer on /mcp in both eras and on /sse."""
    async with client(open_server.url, mode) as speaking:
        tools = await speaking.list_tools()
        result = await speaking.call_tool("read_note", {"repository": "a/b"})
        assert speaking.session.protocol_version == VERSIONS[mode]
    assert [tool.name for tool in tools] == ["read_note", "write_note", "list_rows", "slow", "fail"]
    assert text_of(result).startswith("A note:\n<foreign-")


@pytest.mark.parametrize("mode", MODES)
async def test_tools_are_listed_the_same_way_each_time(open_server: Running, mode: str) -> None:
    """The order of tools/list is the order in which they are written, on each transport."""
    async with client(open_server.url, mode) as speaking:
        listed = [[tool.model_dump_json() for tool in await speaking.list_tools()] for _ in range(2)]
    assert listed[0] == listed[1]


async def test_health_answers_beside_the_protocol(open_server: Running) -> None:
    """/health, /ready and /metrics need no token and no known Host."""
    async with httpx.AsyncClient(verify=False, base_url=open_server.url, headers={"host": "10.1.2.3"}) as http:
        health, ready, metrics = [await http.get(path) for path in ("/health", "/ready", "/metrics")]
    assert health.json() == {"status": "ok", "service": "github-mcp", "version": "9.8.7"}
    assert ready.status_code == 200
    assert "mcp_sse_connections" in metrics.text


async def test_no_sse_serves_mcp_alone(start: Start) -> None:
    """With SSE switched off /sse is not there."""
    async with start(MCP_SSE="false") as running, httpx.AsyncClient(verify=False, base_url=running.url) as http:
        assert (await http.get("/sse")).status_code == 404
        async with client(running.url, "auto") as speaking:
            assert await speaking.list_tools()


async def test_sse_connections_are_capped(start: Start) -> None:
    """A connection above the cap is told to wait; /mcp still answers, and a closed one makes room."""
    async with start(MCP_MAX_SSE_CONNECTIONS="1") as running:
        async with client(running.url, "sse"), httpx.AsyncClient(verify=False, base_url=running.url) as http:
            refused = await http.get("/sse")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            async with client(running.url, "auto") as speaking:
                assert await speaking.list_tools()
        await asyncio.sleep(0.05)
        async with client(running.url, "sse") as speaking:
            assert await speaking.list_tools()


async def test_one_token_does_not_hold_all_sse_connections(start: Start, house: House) -> None:
    """A person, or a tenant's runs, get their share of the connections; another tenant still connects."""
    async with (
        start(MCP_MAX_SSE_CONNECTIONS="8", **house.environ) as running,
        httpx.AsyncClient(verify=False, base_url=running.url) as http,
        AsyncExitStack() as open_streams,
    ):

        async def opened(token: str) -> int:
            request = http.stream("GET", "/sse", headers={"authorization": f"Bearer {token}"})
            return (await open_streams.enter_async_context(request)).status_code

        assert [await opened(house.person) for _ in range(3)] == [200, 200, 429]
        assert [await opened(house.token()) for _ in range(3)] == [200, 200, 429]
        assert [await opened(house.token(tenant="other")) for _ in range(2)] == [200, 200]
        assert await opened("unknown") == 401
        told = await http.get("/sse", headers={"authorization": f"Bearer {house.person}"})
        assert "this tenant has 4 SSE connections open, which is its share: close one first, or use /mcp" in told.text
        assert 'mcp_sse_connections_refused_total{whose="caller"} 1.0' in (await http.get("/metrics")).text


async def test_a_restart_is_not_noticed_on_mcp(start: Start) -> None:
    """A client of /mcp needs no session: what one process answered, the next goes on with."""
    async with start() as first, client(first.url, "legacy") as speaking:
        await speaking.list_tools()
        headers = {"mcp-session-id": "left-over-from-before", "accept": "application/json, text/event-stream"}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        async with httpx.AsyncClient(verify=False) as http:
            assert (await http.post(f"{first.url}/mcp", json=message, headers=headers)).status_code == 200


async def test_a_slash_at_the_end_makes_no_redirect(start: Start) -> None:
    """Behind a proxy that ends TLS a redirect would lead to an address of ours without it."""
    async with start() as running, httpx.AsyncClient(verify=False, base_url=running.url) as http:
        accepted = {"accept": "application/json, text/event-stream"}
        reply = await http.post("/mcp/", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=accepted)
        assert (reply.status_code, "read_note" in reply.text) == (200, True)
        assert (await http.get("/health/")).status_code == 200
        async with http.stream("GET", "/sse/") as stream:
            assert stream.status_code == 200


@pytest.mark.bad_input
@pytest.mark.parametrize("path", ["/mcp", "/messages/?session_id=00"])
@pytest.mark.parametrize("body", [b"[]", b' \r\n\t[{"jsonrpc": "2.0", "id": 9, "method": "ping"}]', b"[" * 100])
async def test_a_batch_is_refused_as_one(open_server: Running, path: str, body: bytes) -> None:
    """A list of messages is 400 with an error of the protocol, which shows nothing of it."""
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    async with httpx.AsyncClient(verify=False, base_url=open_server.url, headers=headers) as http:
        reply = await http.post(path, content=body)
    message = "send one message at a time: batches are not part of the protocol any more"
    error = {"code": -32600, "message": message}
    assert (reply.status_code, reply.json()) == (400, {"jsonrpc": "2.0", "id": None, "error": error})


async def test_events_are_safe_for_readers_that_split_at_other_line_ends(open_server: Running) -> None:
    """What an answer holds of U+0085 and U+2028, as in the request's own id, is escaped in its event's one line."""
    hostile = "one\u0085two\u2028three"
    message = {"jsonrpc": "2.0", "id": hostile, "method": "tools/list"}
    async with httpx.AsyncClient(verify=False, base_url=open_server.url, headers=LEGACY) as http:
        reply = await http.post("/mcp", json=message)
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert len([line for line in reply.text.splitlines() if line.startswith("data:")]) == 1
    assert not {"\u0085", "\u2028"} & set(reply.text)
    assert answer_of(reply)["id"] == hostile


@pytest.mark.parametrize(("trusted", "begin"), [("127.0.0.1", "/github/messages/"), ("10.0.0.7", "/messages/")])
async def test_sse_leads_through_the_proxy_that_was_asked(start: Start, trusted: str, begin: str) -> None:
    """The address for posts has the prefix that a trusted proxy tells; any other peer's is not taken."""
    told = {"x-forwarded-prefix": "/github", "x-forwarded-proto": "https"}
    async with (
        start(TRUSTED_PROXIES=trusted) as running,
        httpx.AsyncClient(verify=False, base_url=running.url) as http,
        http.stream("GET", "/sse", headers=told) as stream,
    ):
        lines = stream.aiter_lines()
        assert [await anext(lines), (await anext(lines)).partition("?")[0]] == ["event: endpoint", f"data: {begin}"]


def _environ() -> dict[str, str]:
    return {"PYTHONPATH": str(TESTS), "PATH": os.environ["PATH"]}


@pytest.mark.slow
async def test_stdio_serves_its_owner(tmp_path: Path) -> None:
    """Over stdio all tools and resources are there, and nothing but the protocol comes out."""
    log = tmp_path / "log"
    transport = StdioTransport(sys.executable, ["-c", STDIO], env=_environ(), log_file=log, keep_alive=False)
    async with Client(transport) as speaking:
        assert len(await speaking.list_tools()) == 5
        assert len(await speaking.list_resources()) == 1
        await speaking.call_tool("read_note", {"repository": "a/b"})
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["outcome"] for line in lines if line["event"] == "tool call"] == ["ok"]


@pytest.mark.slow
async def test_a_line_that_cannot_be_read_is_answered() -> None:
    """Half an emoji, a batch and a line that is no message get an error with their id; blank lines and calls go on."""
    half = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"read_note","arguments":{"text":"\\ud83d"}}}'
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}),
        "",
        half,
        '{"jsonrpc": "2.0", "id": "eight"}',
        '[{"jsonrpc": "2.0", "id": 9, "method": "ping"}]',
        "nonsense",
        '{"jsonrpc": "2.0", "id": 10, "method": "ping"}',
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STDIO,
        env=_environ(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n".join([*lines, ""]).encode())
        answers: list[dict[str, Any]] = []
        while not answers or answers[-1]["id"] != 10:
            answers.append(json.loads(await process.stdout.readline()))
        process.stdin.close()
        _, told = await process.communicate()
    shown = {answer["id"]: answer["error"]["code"] for answer in answers if "error" in answer}
    assert shown == {7: -32700, "eight": -32600, None: -32700}
    codes = [answer["error"]["code"] for answer in answers if answer["id"] is None]
    assert codes == [-32600, -32700]
    assert "result" in answers[-1]
    assert told.count(b"unreadable line") == 4


@pytest.mark.slow
async def test_sigterm_ends_an_open_stream() -> None:
    """A server says that it serves, and where; with an open SSE stream it stops within its grace, with stdout empty."""
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STDIO, "--transport", "http", "--port", str(port),
        env=_environ(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(verify=False, base_url=f"http://127.0.0.1:{port}") as http:
            async with asyncio.timeout(60):
                while not await _answers(http):
                    await asyncio.sleep(0.05)
            async with http.stream("GET", "/sse") as stream:
                assert stream.status_code == 200
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(8):
                    out, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode in (0, -signal.SIGTERM)
    assert out == b""
    assert f'"streamable_http": "http://127.0.0.1:{port}/mcp"'.encode() in told


async def _answers(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/health")).status_code == 200
    except httpx.TransportError:
        return False
