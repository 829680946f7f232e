"""The nine harmful defaults of fastmcp, each changed by the kit; no new version can bring one back unseen."""

import json
import logging
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from core.mcp_kit.conftest import Running, Start
from core.mcp_kit.sample import SampleTools, sample_server
from core.mcp_kit.speaking import MODES, call, client, raw, text_of
from fastmcp import FastMCP
from mcp_kit.app import assemble, build_app
from mcp_kit.caller import OWNER
from mcp_kit.metrics import Metrics
from mcp_kit.settings import ServerSettings
from service_kit.settings import load


@pytest.mark.parametrize("path", ["/sse", "/mcp", "/messages/?session_id=00"])
@pytest.mark.parametrize(
    ("header", "value", "status"), [("host", "evil.example", 421), ("origin", "https://evil.example", 403)]
)
async def test_1_strange_hosts_and_origins_are_refused(
    open_server: Running, path: str, header: str, value: str, status: int
) -> None:
    """A web page that rebinds its name to loopback reaches no endpoint of the protocol."""
    async with httpx.AsyncClient(verify=False, base_url=open_server.url, headers={header: value}) as http:
        method = "GET" if path == "/sse" else "POST"
        reply = await http.request(method, path)
    assert (reply.status_code, value in reply.json()["error"]["message"]) == (status, True)


@pytest.mark.parametrize("mode", MODES)
async def test_2_what_a_crash_says_stays_inside(open_server: Running, mode: str) -> None:
    """An exception's text never reaches the client."""
    result = await call(open_server.url, mode, "fail", {"how": "crash"})
    assert result.is_error
    assert "secret" not in result.model_dump_json()


async def test_2_fastmcp_itself_masks_too() -> None:
    """What an extension's tool raises is masked as well."""
    protocol = assemble(sample_server(SampleTools()), load(ServerSettings, {}), Metrics(), unnamed=OWNER, callers=None)
    assert protocol._mask_error_details is True


@pytest.mark.bad_input
@pytest.mark.parametrize("mode", MODES)
async def test_3_a_failure_is_a_result(open_server: Running, mode: str) -> None:
    """A tool's failure is a result with isError, which the model sees, and never an error of the protocol."""
    for tool, arguments in (("fail", {"how": "told"}), ("read_note", {"wrong": 1}), ("unknown_tool", {})):
        assert (await call(open_server.url, mode, tool, arguments)).is_error


async def test_4_size_is_the_tools_own_matter(start: Start) -> None:
    """A long reply is cut between rows and says so; no middleware cuts text or rewrites tools/list."""
    async with start(MCP_REPLY_TOKENS="500") as running:
        text = text_of(await call(running.url, "auto", "list_rows", {"count": 90, "size": 60, "limit": 100}))
    assert len(text) <= 2_000
    assert "Cut to fit" in text
    assert all(len(line) == 60 for line in text.splitlines() if line.startswith("row "))


async def test_5_listing_costs_no_calls(start: Start) -> None:
    """Only calls are paced, per caller; what is too fast is a result that says how long to wait."""
    async with start(MCP_CALLS_PER_MINUTE="20") as running, client(running.url, "auto") as speaking:
        for _ in range(12):
            await speaking.list_tools()
        results = [await speaking.call_tool_mcp("read_note", {"repository": "a/b"}) for _ in range(3)]
    assert [result.is_error for result in results] == [False, False, True]
    assert re.search(r"Call again in \d s", text_of(results[2]))


async def test_6_a_call_lists_nothing(monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    """A call on 2026-07-28 does not run tools/list inside (python-sdk#3565)."""
    listed = 0
    whole = FastMCP.list_tools

    async def counting(self: FastMCP[Any], **options: Any) -> Any:
        nonlocal listed
        listed += 1
        return await whole(self, **options)

    monkeypatch.setattr(FastMCP, "list_tools", counting)
    async with start() as running, client(running.url, "auto") as speaking:
        await speaking.call_tool_mcp("read_note", {"repository": "a/b"})
        before = listed
        await speaking.call_tool_mcp("read_note", {"repository": "a/b"})
    assert listed == before


async def test_7_the_version_is_the_servers_own(open_server: Running) -> None:
    """A client sees the server's version and name."""
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}}
    response = await raw(open_server.url, "initialize", params)
    assert '"serverInfo":{"name":"github-mcp","version":"9.8.7"}' in response.text.replace(" ", "")


async def test_7_lists_are_private_to_the_caller(open_server: Running) -> None:
    """What may be cached is said, and that nobody may share it."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list"}
    response = await raw(open_server.url, "tools/list", {"_meta": meta}, headers=headers)
    assert '"cacheScope":"private"' in response.text.replace(" ", "")
    assert '"ttlMs":300000' in response.text.replace(" ", "")


def test_8_fastmcp_draws_no_boxes() -> None:
    """The log lines of fastmcp go where ours go, without handlers of their own."""
    build_app(sample_server(SampleTools()), load(ServerSettings, {}))
    logger = logging.getLogger("fastmcp")
    assert (logger.handlers, logger.propagate) == ([], True)


async def test_no_tool_has_an_output_schema(open_server: Running) -> None:
    """Without an output schema a client passes the text on byte by byte, the ref line too."""
    async with client(open_server.url, "auto") as speaking:
        result = await speaking.call_tool("read_note", {"repository": "a/b"})
        tools = await speaking.list_tools()
    assert result.structured_content is None
    assert all(tool.output_schema is None and tool.meta is None for tool in tools)
    assert all(
        len(json.loads(tool.annotations.model_dump_json(exclude_none=True))) == 4 for tool in tools if tool.annotations
    )


@pytest.mark.parametrize("extended", [True, False])
def test_9_no_empty_list_is_advertised(extended: bool) -> None:
    """Resources, prompts, completions and log messages are told of where an extension has them, and nowhere else."""
    server = sample_server(SampleTools())
    server = server if extended else replace(server, extend=None)
    protocol = assemble(server, load(ServerSettings, {}), Metrics(), unnamed=OWNER, callers=None)
    told = protocol._mcp_server.get_capabilities().model_dump(exclude_none=True)
    assert set(told) == {"tools", *(("resources", "prompts", "completions", "logging") if extended else ())}
