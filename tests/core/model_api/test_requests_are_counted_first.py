"""A run's requests are counted before they are read, and their values before they are parsed."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from core.model_api.house import House, ask, house

BRACKETS = b'{"model": "claude-sonnet-5-5", "max_tokens": 1, "messages": [' + b"[]," * 3_300_000 + b"1]}"
"""9.9 MB of next to nothing."""


@contextlib.asynccontextmanager
async def unread(api: House, token: str) -> AsyncIterator[asyncio.StreamReader]:
    """Announce a body and send none of it."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            f"POST /v1/messages HTTP/1.1\r\nHost: {host}:{port}\r\nx-api-key: {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 9900000\r\n\r\n".encode()
        )
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_run_past_its_share_is_refused_before_its_body_is_read(
    tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """The 429 comes though no byte of the body did, says how long to wait, and another run goes on."""
    async with house(tmp_path, database_url, pool, RATE_PER_SECOND="0.01", RATE_BURST="3") as api:
        for _ in range(3):
            assert (await api.post(ask("SCENARIO:text"))).status_code == 200
        async with unread(api, api.token()) as reader, asyncio.timeout(10):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("http/1.1 429")
        assert "x-agent-gateway-error: rate" in head
        reply = await api.post(ask("SCENARIO:text"))
        error = reply.json()["error"]
        assert (reply.status_code, error["type"]) == (429, "rate_limit_error")
        assert f"task {api.run.task} sent more than its share of 0.01 requests a second (3 at once" in error["message"]
        assert int(reply.headers["retry-after"]) > 1
        other = await api.post(ask("SCENARIO:text"), token=api.token(task=uuid4()))
        assert other.headers["x-agent-gateway-error"] == "stale_attempt"
        assert len(await api.upstream_seen()) == 3


async def test_a_tenants_runs_share_what_it_has(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """Many runs of one tenant get no more than the tenant's share."""
    slow = house(tmp_path, database_url, pool, TENANT_RATE_PER_SECOND="0.01", TENANT_RATE_BURST="2")
    async with slow as api:
        replies = [await api.post(ask("SCENARIO:text"), token=api.token(task=uuid4())) for _ in range(4)]
        reasons = [reply.headers["x-agent-gateway-error"] for reply in replies]
        assert reasons == ["stale_attempt"] * 2 + ["rate"] * 2
        assert "tenant 'default' sent more than its share" in replies[-1].json()["error"]["message"]


async def test_a_body_of_brackets_is_refused_by_its_bound_unparsed(api: House) -> None:
    """Too many values, and too many levels, are 400 in the vendor's form, which names the bound and what to do."""
    levels = json.dumps(ask("x")).replace('"x"', "[" * 101 + "]" * 101).encode()
    for body, said in ((BRACKETS, "more than 100000 values"), (levels, "at most 100 lists and objects")):
        reply = await api.post(body)
        assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (400, "body")
        assert reply.json()["error"]["type"] == "invalid_request_error"
        assert said in reply.json()["error"]["message"]
    assert await api.upstream_seen() == []


@pytest.mark.slow
async def test_ten_megabytes_of_text_pass(api: House) -> None:
    """A body near the bound of bytes that holds few values goes on as it is."""
    text = "A line of prose, with commas [and brackets].\n" * 200_000
    reply = await api.post(ask("SCENARIO:text " + text))
    assert reply.status_code in (200, 402)


async def test_values_use_up_a_share(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """A request of many values counts as many requests: the fourth such one of a run waits."""
    async with house(tmp_path, database_url, pool, RATE_PER_SECOND="0.01", RATE_BURST="100") as api:
        body = json.dumps({**ask("x"), "tools": [{"name": "t", "input_schema": {"a": [[]] * 30_000}}]}).encode()
        reasons = [(await api.post(body)).headers.get("x-agent-gateway-error") for _ in range(4)]
        assert reasons[-1] == "rate"
        assert "rate" not in reasons[:3]
