"""Turns at a whole gateway: open circuits, places and the vendor's limits are told before a write is a row."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_contracts import Grant
from asyncpg import Pool
from core.api_kit.liar import TABLE, Liar, lying
from core.api_kit.toy import Toy, toy

GRANT = Grant.model_validate({"resources": {"projects": ["ops", "web"], "channels": ["C1"]}, "mode": "write"})
MESSAGE = {"channel": "C1", "text": "x"}


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    """A vendor that lies."""
    async with lying() as served:
        yield served


@pytest.fixture
async def api(liar: Liar, tmp_path: Path, pool: Pool) -> AsyncIterator[Toy]:
    """A gateway in front of it."""
    async with toy(tmp_path, pool, GRANT, table=TABLE, at=liar.url) as opened:
        yield opened


async def test_an_open_circuit_is_told(api: Toy, liar: Liar) -> None:
    """After five failures in a row the caller is told to wait and nothing goes out for it; the neighbour reads."""
    replies = [await api.client.get("/storm/ops") for _ in range(8)]
    assert [reply.status_code for reply in replies] == [502] * 5 + [503] * 3
    assert replies[-1].json()["reason"] == replies[-1].headers["x-agent-gateway-error"] == "upstream_open"
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 5
    assert liar.asked["/storm/ops"] == 5
    assert (await api.neighbour.get("/good/web")).status_code == 200


async def test_a_write_behind_an_open_circuit_is_no_row(tmp_path: Path, pool: Pool) -> None:
    """What never left is not recorded as if it might have."""
    async with toy(tmp_path, pool, GRANT) as api:
        for _ in range(5):
            api.vendor.says({}, 502)
            assert (await api.client.post("/messages", json=MESSAGE)).status_code == 502
        reply = await api.client.post("/messages", json=MESSAGE)
        assert (reply.status_code, reply.json()["reason"]) == (503, "upstream_open")
        assert "x-agent-effect" not in reply.headers
        assert await pool.fetchval("select count(*) from gateway.effects") == 5


async def test_a_caller_has_eight_requests_under_way(api: Toy, liar: Liar) -> None:
    """The ninth waits a moment and is refused; the neighbour has its own."""
    hanging = [asyncio.create_task(api.client.get("/slow/ops")) for _ in range(8)]
    while liar.under_way < 8:
        await asyncio.sleep(0.01)
    ninth = asyncio.create_task(api.client.get("/good/ops"))
    for _ in range(10):
        assert (await api.neighbour.get("/good/web")).status_code == 200
    reply = await ninth
    assert (reply.status_code, reply.json()["reason"], reply.headers["retry-after"]) == (429, "rate", "1")
    liar.release.set()
    assert {ended.status_code for ended in await asyncio.gather(*hanging)} == {200}


async def test_kept_replies_are_answered_through_the_grant(tmp_path: Path, pool: Pool) -> None:
    """What the vendor says 304 to is answered whole and marked; what the grant does not open is not asked for."""
    async with toy(tmp_path, pool, GRANT) as api:
        api.vendor.says({"id": 1}, etag='"1"')
        first = await api.client.get("/search?project=ops")
        api.vendor.says(None, 304, etag='"1"')
        again = await api.neighbour.get("/search?project=ops")
        assert (again.status_code, again.content, again.headers["x-agent-cache"]) == (200, first.content, "revalidated")
        assert (await api.client.get("/search?project=secret")).json()["reason"] == "resource"
        assert len(api.vendor.seen) == 2
