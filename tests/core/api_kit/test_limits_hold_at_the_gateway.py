"""A caller's rate and the vendor's own limits, counted over all instances of a gateway, or by one alone."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
from core.api_kit.corkboard import LIST, corkboard
from service_kit.rate_limit import Limit, Rate

MINUTE = Limit("minute", Rate(per_second=0.01, burst=6), each=Rate(per_second=0.01, burst=4))
"""Six requests of all callers, at most four of one."""


def refusals(replies: list[httpx.Response]) -> list[str | None]:
    """Return the reasons of those that did not pass."""
    return [reply.headers.get("x-agent-gateway-error") for reply in replies if reply.status_code != 200]


async def test_a_callers_rate_is_counted_over_two_instances(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """Of 24 requests of one task at two instances ten pass at once, and one in two seconds after that: not one more."""
    settings: dict[str, Any] = {"redis_url": redis_url, "rate_per_second": 0.5, "rate_burst": 10}
    async with corkboard(tmp_path, database_url, changes={}, **settings) as house, house.another() as second:
        token, other, urls = house.token(), house.token(), (house.url, second)
        await asyncio.gather(*(house.ask("GET", LIST, token=other, url=url) for url in urls))
        began = time.monotonic()
        replies = await asyncio.gather(*(house.ask("GET", LIST, token=token, url=url) for url in urls * 12))
        passed = len(replies) - len(refusals(replies))
        assert 10 <= passed <= 10 + (time.monotonic() - began) * 0.5
        assert set(refusals(replies)) == {"rate"}
        assert (await house.ask("GET", LIST, service="reader")).status_code == 200


async def test_the_vendors_limit_is_shared_and_no_caller_takes_it_all(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    """Over two instances a task gets its part and another what is left; what is refused anyway takes nothing of it."""
    changes = {"limits": lambda route: [MINUTE]}
    async with (
        corkboard(tmp_path, database_url, changes=changes, redis_url=redis_url) as house,
        house.another() as second,
    ):
        outside = [await house.ask("GET", "/boards/attic/notes?size=50", token=house.token()) for _ in range(8)]
        assert refusals(outside) == ["resource"] * 8
        for passing in (4, 2, 0):
            token = house.token()
            replies = [await house.ask("GET", LIST, token=token, url=url) for url in (house.url, second) * 3]
            assert refusals(replies) == ["vendor_rate"] * (6 - passing)
            assert all(int(reply.headers["retry-after"]) >= 1 for reply in replies[passing:])
        assert len(house.seen) == 6


async def test_without_redis_this_process_counts(tmp_path: Path, database_url: str) -> None:
    """Rates hold without Redis too, per process, and readiness says so; a Redis that is lost is named."""
    async with corkboard(tmp_path, database_url, changes={}, rate_per_second=0.05, rate_burst=3) as house:
        ready = (await house.client.get(f"{house.url}/ready")).json()
        assert ready["status"] == "ready"
        assert ready["warnings"]["rates"] == "REDIS_URL is not set: this process counts rates alone"
        async with house.another(redis_url="redis://127.0.0.1:1/0") as lost:
            for url in (house.url, lost):
                token = house.token()
                replies = [await house.ask("GET", LIST, token=token, url=url) for _ in range(5)]
                assert refusals(replies) == ["rate"] * 2
            ready_not = await house.client.get(f"{lost}/ready")
            assert ready_not.status_code == 503
            assert "this process alone" in ready_not.json()["checks"]["redis"]
