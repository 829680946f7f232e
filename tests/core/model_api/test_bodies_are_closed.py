"""Only what the Claude CLI really sends goes on; everything else is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from agent_effects import spent
from core.model_api.house import VERSION, House, ask
from model_api.dialect import CheckedRequest
from model_api.dialects.messages.checking import check
from model_api.errors import ModelRefusal
from starlette.datastructures import Headers

CLI_BODIES = json.loads((Path(__file__).parent / "cli_bodies.json").read_text())
"""Captured from Claude CLI 2.1.329 over several models, long texts cut."""
URL_IMAGE = {"type": "image", "source": {"type": "url", "url": "http://192.0.2.1/x.png"}}
FILE_IMAGE = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}
PIXEL = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
USE = {"type": "tool_use", "id": "t1", "name": "x", "input": {}}


def user(*blocks: Any) -> dict[str, Any]:
    """Make a body whose user's turn is these blocks."""
    return {"messages": [{"role": "user", "content": list(blocks)}]}


def result(content: Any) -> dict[str, Any]:
    """Make a body with a tool's result."""
    answer = {"type": "tool_result", "tool_use_id": "t1", "content": content}
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": [USE]}]
    return {"messages": [*turns, {"role": "user", "content": [answer]}]}


def checked(body: dict[str, Any] | bytes, *, headers: dict[str, str] | None = None, query: str = "") -> CheckedRequest:
    """Check a request as model-api does."""
    given = VERSION | {"content-type": "application/json"} | (headers or {})
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return check(raw, Headers(given), query.encode())


def refused(reason: str, said: str, body: dict[str, Any] | bytes, **more: Any) -> None:
    """Check that a request is refused, for what, and that the message names it."""
    with pytest.raises(ModelRefusal) as caught:
        checked(body, **more)
    assert (caught.value.reason, said in caught.value.message) == (reason, True), caught.value.message


@pytest.mark.parametrize("case", CLI_BODIES, ids=lambda case: case["case"].replace(" ", ""))
def test_what_the_cli_sends_goes_on(case: dict[str, Any]) -> None:
    """Each captured body of the real CLI passes, and what is sent on is the same document."""
    sent = checked(case["body"], headers={"anthropic-beta": case["betas"]}, query=case["query"])
    assert json.loads(sent.content) == case["body"]
    assert sent.headers["anthropic-beta"] == case["betas"]
    assert (sent.model, sent.stream) == (case["body"]["model"], case["body"].get("stream", False))
    assert sent.query == {"beta": "true"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"mcp_servers": [{"type": "url", "url": "http://192.0.2.1", "name": "x"}]}, "'mcp_servers'"),
        ({"container": "c"}, "'container'"),
        ({"service_tier": "auto"}, "'service_tier'"),
        ({"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]}, "tools.0.type: Extra"),
        ({"tools": [{"type": "bash_20250124", "name": "bash", "input_schema": {}}]}, "tools.0.type: Extra"),
        ({"tools": [{"name": "a b", "input_schema": {}}]}, "tools.0.name"),
        (user(URL_IMAGE), "messages.0.user.content.0.image.source.url: Extra"),
        (user(FILE_IMAGE), "messages.0.user.content.0.image.source.file_id: Extra"),
        (user({"type": "document", "source": {"type": "text", "data": "x"}}), "'document'"),
        (user({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}), "'server_tool_use'"),
        (user({"type": "text", "text": "x", "citations": [{}]}), "citations"),
        (user({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}), "cache_control.ttl"),
        (result([URL_IMAGE]), "source.url: Extra"),
        (result([{"type": "tool_reference", "tool_name": "x"}]), "'tool_reference'"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1, "secret": 1}}, "thinking.enabled.secret: Extra"),
        ({"output_config": {"effort": "high", "format": {}}}, "output_config.format: Extra"),
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management.edits.0.type"),
        ({"metadata": {"user_id": "x", "name": "y"}}, "metadata.name: Extra"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"stream": 1}, "stream"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "'tool'"),
        ({"model": "../x"}, "model"),
    ],
)
def test_other_fields_and_blocks_are_refused_by_name(change: dict[str, Any], named: str) -> None:
    """Server tools, MCP servers, url and file sources, and any unknown field are refused and named."""
    refused("body", named, ask("x") | change)


def test_images_may_come_as_bytes() -> None:
    """A tool that gives a picture works: its bytes are in the request itself."""
    assert checked(ask("x") | result([PIXEL])).content


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"model":"a","model":"b"}', "'model' is given twice"),
        (
            b'{"model":"claude-sonnet-5-5","max_tokens":1,"messages":[{"role":"user","content":"x","content":"y"}]}',
            "twice",
        ),
        (b'{"max_tokens": NaN}', "NaN"),
        (b"[]", "not a JSON object"),
        (b'{"model"', "JSON"),
        (b'{"model": "\xff"}', "UTF-8"),
        (b"", "JSON"),
    ],
)
def test_json_is_strict(raw: bytes, said: str) -> None:
    """A body that two readers could read differently is refused."""
    refused("body", said, raw)


@pytest.mark.parametrize(
    ("headers", "reason", "said"),
    [
        ({"anthropic-beta": "effort-2025-11-24, files-api-2025-04-14"}, "header", "'files-api-2025-04-14'"),
        ({"anthropic-version": "2099-01-01"}, "header", "anthropic-version"),
        ({"content-type": "text/plain"}, "content_type", "text/plain"),
        ({"content-encoding": "gzip"}, "content_type", "gzip"),
    ],
)
def test_headers_are_listed(headers: dict[str, str], reason: str, said: str) -> None:
    """A beta, version or encoding that is not listed is refused by name."""
    refused(reason, said, ask("x"), headers=headers)


@pytest.mark.parametrize("query", ["beta=false", "beta=true&beta=true", "x=1", "beta=true&x="])
def test_the_query_is_listed(query: str) -> None:
    """Only `beta=true`, once, goes on."""
    refused("query", query, ask("x"), query=query)


async def test_a_refusal_is_the_vendors_shape_and_costs_nothing(api: House) -> None:
    """Each refusal has its status, its reason's header and the vendor's error shape; the vendor is not asked."""
    twice = [*VERSION.items(), *VERSION.items(), ("x-api-key", api.token()), ("content-type", "application/json")]
    replies = {
        ("body", 400): await api.post(ask("x", container="c")),
        ("query", 400): await api.post(ask("x"), path="/v1/messages?x=1"),
        ("header", 400): await api.http.post("/v1/messages", json=ask("x"), headers=twice),
        ("content_type", 415): await api.post(ask("x"), headers={"content-type": "text/plain"}),
        ("body_too_large", 413): await api.post(ask("x" * 10_500_000)),
        ("method", 405): await api.http.get("/v1/messages"),
        ("unknown_route", 404): await api.post(ask("x"), path="/v1/messages/"),
    }
    for (reason, status), reply in replies.items():
        body = reply.json()
        assert (reply.status_code, reply.headers["x-agent-gateway-error"], body["type"]) == (status, reason, "error")
        assert body["error"]["type"] in ("invalid_request_error", "request_too_large", "not_found_error")
    assert await api.upstream_seen() == []
    assert (await spent(api.pool, api.run.task)).requests == 0
