"""Through a whole gateway: whatever the vendor does to one caller, the neighbour's requests are answered as ever."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_contracts import Grant
from asyncpg import Pool
from core.api_kit.liar import TABLE, Liar, lying
from core.api_kit.toy import Toy, toy

GRANT = Grant.model_validate({"resources": {"projects": ["ops", "web"]}, "mode": "read"})


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
    """While a caller's requests hang, the neighbour gets thirty answers; then the caller's come to their end."""
    hanging = [asyncio.create_task(api.client.get(f"/{lie}/ops")) for _ in range(8)]
    while liar.under_way < 8:
        await asyncio.sleep(0.01)
    for _ in range(30):
        assert (await api.neighbour.get("/good/web")).status_code == 200
    assert liar.under_way == 8
    liar.release.set()
    ended = await asyncio.gather(*hanging)
    assert {reply.status_code for reply in ended} == {200 if lie == "slow" else 502}


async def test_pages_without_end_cost_their_reader(api: Toy, liar: Liar) -> None:
    """Each page is a request of its caller's, led through the gateway; the neighbour is answered between any two."""
    following = "/pages/ops"
    for _ in range(40):
        page, good = await asyncio.gather(api.client.get(following), api.neighbour.get("/good/web"))
        assert (page.status_code, good.status_code) == (200, 200)
        link = page.headers["link"]
        assert link.startswith(f"<{api.url}/pages/ops?page=")
        following = link[1 : link.index(">")].removeprefix(api.url)
    assert sum(number for path, number in liar.asked.items() if path.startswith("/pages")) == 40
