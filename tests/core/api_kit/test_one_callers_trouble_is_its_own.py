"""Through a whole gateway: whatever the vendor does to one caller, the neighbour's requests are answered as ever."""

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
    """A gateway in front of it, that reads 5,000 bytes of a reply."""
    async with toy(tmp_path, pool, GRANT, table=TABLE, at=liar.url) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lie", "status", "reason"),
    [
        ("html", 502, "upstream_broken"),
        ("error", 502, "reply_foreign"),
        ("proposal", 502, "reply_foreign"),
        ("half", 502, "upstream_broken"),
        ("huge", 502, "reply_too_large"),
        ("bomb", 502, "upstream_broken"),
        ("storm", 502, None),
        ("headers", 502, "upstream_broken"),
        ("mute", 502, "upstream_broken"),
    ],
)
async def test_a_lie_is_refused_and_the_neighbour_answered(
    api: Toy, liar: Liar, lie: str, status: int, reason: str | None
) -> None:
    """The caller learns what was wrong; the neighbour's requests pass before, between and after."""
    for _ in range(4):
        reply, good = await asyncio.gather(api.client.get(f"/{lie}/ops"), api.neighbour.get("/good/web"))
        assert (reply.status_code, reply.headers.get("x-agent-gateway-error")) == (status, reason)
        assert (good.status_code, good.json()) == (200, {"project": "web"})


@pytest.mark.parametrize("lie", ["slow", "drip"])
async def test_a_request_that_hangs_holds_up_its_caller_alone(api: Toy, liar: Liar, lie: str) -> None:
    """While a caller's requests hang, the neighbour gets its answers; then the caller's come to their end."""
    hanging = [asyncio.create_task(api.client.get(f"/{lie}/ops")) for _ in range(8)]
    while liar.under_way < 8:
        await asyncio.sleep(0.01)
    for _ in range(12):
        assert (await api.neighbour.get("/good/web")).status_code == 200
    assert liar.under_way == 8
    liar.release.set()
    ended = await asyncio.gather(*hanging)
    assert {reply.status_code for reply in ended} == {200 if lie == "slow" else 502}


async def test_pages_without_end_cost_their_reader(api: Toy, liar: Liar) -> None:
    """Each page is a request of its caller's, led through the gateway; the neighbour is answered between any two."""
    following = "/pages/ops"
    for _ in range(12):
        page, good = await asyncio.gather(api.client.get(following), api.neighbour.get("/good/web"))
        assert (page.status_code, good.status_code) == (200, 200)
        link = page.headers["link"]
        assert link.startswith(f"<{api.url}/pages/ops?page=")
        following = link[1 : link.index(">")].removeprefix(api.url)
    assert sum(number for path, number in liar.asked.items() if path.startswith("/pages")) == 12


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
