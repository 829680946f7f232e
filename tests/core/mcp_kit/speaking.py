"""Speaks the protocol to a server as the tests need it: by fastmcp's client in three modes, and by raw HTTP."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
from fastmcp import Client
from fastmcp.client.transports import SSETransport, StreamableHttpTransport
from mcp_types import CallToolResult, TextContent

MODES = ("auto", "legacy", "sse")
LEGACY = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}


def client(url: str, mode: str, token: str | None = None, headers: Mapping[str, str] | None = None) -> Client[Any]:
    """Make a client: `auto` speaks 2026-07-28 on /mcp, `legacy` 2025-11-25 on /mcp, `sse` on /sse."""
    # Without TLS: reading the machine's certificates costs each client 50 ms.
    sent = {**(headers or {}), **({"authorization": f"Bearer {token}"} if token else {})}
    if mode == "sse":
        return Client(SSETransport(f"{url}/sse", headers=sent, verify=False))
    transport = StreamableHttpTransport(f"{url}/mcp", headers=sent, verify=False)
    return Client(transport, mode="legacy") if mode == "legacy" else Client(transport)


def text_of(result: Any) -> str:
    """Give a result's only text."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


async def call(url: str, mode: str, tool: str, arguments: dict[str, Any], token: str | None = None) -> CallToolResult:
    """Call a tool once; an error is a result."""
    async with client(url, mode, token) as speaking:
        result: CallToolResult = await speaking.call_tool_mcp(tool, arguments)
        return result


async def raw(
    url: str, method: str, params: Mapping[str, Any], token: str | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Post one JSON-RPC request to /mcp, as no well-behaved client would have to."""
    sent = {**LEGACY, **({"authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": dict(params)}
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        return await http.post(f"{url}/mcp", json=message, headers=sent)


def answer_of(response: httpx.Response) -> dict[str, Any]:
    """Read the JSON-RPC answer out of a response, event stream or not."""
    body = response.text
    if response.headers["content-type"].startswith("text/event-stream"):
        body = next(line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: "))
    answer: dict[str, Any] = json.loads(body)
    return answer
