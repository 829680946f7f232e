"""Our rate per task over all instances, and GitHub's own limits per credential."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from vendor.github_api.house import HELLO, House, gateway, house

ISSUE = f"/repos/{HELLO}/issues/1"


@pytest.fixture
async def rated(tmp_path: Path, database_url: str, redis_url: str) -> AsyncIterator[House]:
    """A gateway at the default rate, with Redis."""
    async with house(tmp_path, database_url, redis_url) as opened:
        yield opened


async def test_ten_a_second_over_two_instances(rated: House) -> None:
    """Of 60 requests of one task through two instances, ten pass at once and ten a second after that: not one more."""
    token, other = rated.token(), rated.token()
    async with gateway(rated.settings) as second:
        await asyncio.gather(*(rated.ask("GET", ISSUE, token=other, url=url) for url in (rated.url, second)))
        started = time.monotonic()
        replies = await asyncio.gather(
            *(rated.ask("GET", ISSUE, token=token, url=url) for _ in range(30) for url in (rated.url, second))
        )
        seconds = time.monotonic() - started
    passed = [reply for reply in replies if reply.status_code == 200]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert len(passed) + len(refused) == 60
    assert 10 <= len(passed) <= 10 + seconds * 10
    for reply in refused:
        assert reply.headers["x-agent-gateway-error"] == reply.json()["reason"] == "rate"
        assert reply.headers["retry-after"] == "1"
    await asyncio.sleep(0.35)
    later = [await rated.ask("GET", ISSUE, token=token) for _ in range(2)]
    assert [reply.status_code for reply in later] == [200, 200]


async def test_each_task_has_its_own_rate(rated: House) -> None:
    """One task's flood does not harm another; a service without a task is counted by itself."""
    token = rated.token()
    flood = await asyncio.gather(*(rated.ask("GET", ISSUE, token=token) for _ in range(25)))
    assert {reply.status_code for reply in flood} == {200, 429}
    assert (await rated.ask("GET", ISSUE, token=rated.token())).status_code == 200
    assert (await rated.ask("GET", ISSUE, service="reader")).status_code == 200


async def test_githubs_primary_limit_is_remembered(rated: House) -> None:
    """A reply with nothing left closes that bucket until its reset, for all instances and callers; others go on."""
    rated.fault("rate_limit", path="/issues", seconds=90)
    reply = await rated.ask("GET", ISSUE, token=rated.token())
    assert reply.status_code in (403, 429)
    assert "x-agent-gateway-error" not in reply.headers
    before = len(rated.seen)
    async with gateway(rated.settings) as second:
        for url in (rated.url, second):
            reply = await rated.ask("GET", ISSUE, token=rated.token(), url=url)
            assert (reply.status_code, reply.json()["reason"]) == (429, "vendor_rate")
            assert 80 <= int(reply.headers["retry-after"]) <= 91
    assert len(rated.seen) == before
    search = await rated.ask("GET", "/search/issues?q=is:issue", token=rated.token())
    assert search.status_code == 200


async def test_githubs_secondary_limit_closes_everything(rated: House, redis: Redis) -> None:
    """Retry-After of a 403 holds for all requests of the credential, and passes."""
    rated.fault("secondary_limit", seconds=1)
    assert (await rated.ask("GET", ISSUE, token=rated.token())).status_code in (403, 429)
    for target in (ISSUE, "/search/issues?q=is:issue", "/rate_limit"):
        reply = await rated.ask("GET", target, token=rated.token())
        assert (reply.status_code, reply.json()["reason"]) == (429, "vendor_rate"), target
    assert [key async for key in redis.scan_iter("gateway:*pause*")] == [b"gateway:{github}:pause:github:*"]
    await asyncio.sleep(1.05)
    assert (await rated.ask("GET", ISSUE, token=rated.token())).status_code == 200


@pytest.mark.slow
async def test_without_redis_this_process_counts(tmp_path: Path, database_url: str) -> None:
    """Rates hold without Redis too, per process, and readiness says so; a Redis that is lost is named."""
    async with house(tmp_path, database_url, None) as alone:
        replies = await asyncio.gather(*(alone.ask("GET", ISSUE, token=token) for token in [alone.token()] * 30))
        assert 10 <= sum(reply.status_code == 200 for reply in replies) < 20
        ready = (await alone.client.get(f"{alone.url}/ready")).json()
        assert ready["status"] == "ready"
        assert any("this process alone" in name for name in ready["checks"])
        lost = alone.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
        async with gateway(lost) as url:
            token = alone.token()
            replies = [await alone.ask("GET", ISSUE, token=token, url=url) for _ in range(15)]
            assert {reply.status_code for reply in replies} <= {200, 429}
            assert replies[0].status_code == 200
            reply = await alone.client.get(f"{url}/ready")
            assert reply.status_code == 503
            assert "this process alone" in reply.json()["checks"]["redis"]
