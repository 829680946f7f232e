"""The vendor's hourly limit: of what is left of a shared credential's, no tenant takes the others' part."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from api_kit.redis_rate_limiter import RedisRateLimiter
from core.api_kit.corkboard import LIST, corkboard
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from service_kit.http import Reply
from service_kit.rate_limit import Rate, RateLimiter
from service_kit.vendor_limit_shares import VendorLimitShare, Window

PLENTY = Rate(10_000, 10_000)
KEY = "c:core"


class Vendor:
    """Counts requests as a vendor does, and tells the limiters that ask it what is left."""

    def __init__(self, limiters: Sequence[RateLimiter], limit: int, seconds: float = 60.0, **weights: int) -> None:
        self.left = limit
        self.seconds = seconds
        self._limiters = limiters
        self._weights = weights

    async def ask(self, tenant: str, most: int) -> int:
        """Send a tenant's requests until one is refused; return how many were sent."""
        for count in range(most):
            limiter = self._limiters[count % len(self._limiters)]
            wait = await limiter.take(tenant, PLENTY, [], [], VendorLimitShare(KEY, tenant, self._weights))
            if wait is not None:
                assert (wait.whose, 0 < wait.seconds <= self.seconds) == ("share", True)
                return count
            self.left -= 1
            await limiter.tell(KEY, Window("core", self.left, self.seconds), tenant, 1)
        return most


@pytest.fixture(params=["redis", "local"])
async def limiters(request: pytest.FixtureRequest, redis: Redis) -> list[RateLimiter]:
    """Two instances on one Redis, or one alone."""
    return [RedisRateLimiter(redis, vendor="toy") for _ in range(2)] if request.param == "redis" else [RateLimiter()]


async def test_one_run_leaves_the_last_part(limiters: list[RateLimiter]) -> None:
    """A greedy tenant gets three of four parts while the other is idle; the other then gets the rest."""
    vendor = Vendor(limiters, 200, greedy=1, idle=1)
    assert await vendor.ask("greedy", 500) == 150
    assert await vendor.ask("idle", 500) == 50
    assert vendor.left == 0


async def test_weights_say_whose_part_is_larger(limiters: list[RateLimiter]) -> None:
    """What is kept for a tenant goes by its weight, for each of several tenants."""
    vendor = Vendor(limiters, 200, greedy=1, heavy=2, light=1)
    assert await vendor.ask("greedy", 500) == 125
    assert await vendor.ask("heavy", 500) >= 50
    assert await vendor.ask("light", 500) >= 12


async def test_what_others_used_of_the_credential_is_not_kept(limiters: list[RateLimiter]) -> None:
    """When a program beside the gateway used up most of a limit, the rest is shared as the whole would be."""
    vendor = Vendor(limiters, 20, one=1, other=1)
    assert await vendor.ask("one", 1) == 1
    assert await vendor.ask("one", 500) == 14
    assert await vendor.ask("other", 500) == 5


async def test_a_window_ends(limiters: list[RateLimiter]) -> None:
    """When the vendor's limit is whole again, what was taken before counts no more."""
    vendor = Vendor(limiters, 8, seconds=0.3, one=1, other=1)
    assert await vendor.ask("one", 9) == 6
    await asyncio.sleep(0.35)
    vendor.left = 8
    assert await vendor.ask("one", 9) >= 6


async def test_a_new_window_may_begin_before_the_last_has_expired(limiters: list[RateLimiter]) -> None:
    """A vendor that tells of much more time began a new window: what was taken in the last counts no more."""
    vendor = Vendor(limiters, 8, seconds=20, one=1, other=1)
    assert await vendor.ask("one", 9) == 6
    vendor.seconds = 1
    assert await vendor.ask("other", 1) == 1
    vendor.left, vendor.seconds = 8, 20
    assert await vendor.ask("other", 1) == 1
    assert await vendor.ask("one", 9) == 5


async def test_what_is_kept_in_redis_expires(redis: Redis) -> None:
    """A window's key lives as long as the window."""
    limiter = RedisRateLimiter(redis, vendor="toy")
    await Vendor([limiter], 8, seconds=20, one=1, other=1).ask("one", 2)
    assert await redis.hgetall("gateway:{toy}:window:c:core") == {b"remaining": b"6", b"used:one": b"2"}
    assert 0 < await redis.pttl("gateway:{toy}:window:c:core") <= 20_000


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 60)), max_size=12),
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
)
def test_whoever_took_less_than_its_part_is_let_in(asked: list[tuple[str, int]], weights: tuple[int, ...]) -> None:
    """Whatever was asked before, tenants that then ask in turn each get half of their fair share, and all is used."""
    shares = dict(zip("abc", weights, strict=True))
    left, took = 120, dict.fromkeys("abc", 0)
    wanted = [tenant for tenant, count in asked for _ in range(count)] + ["a", "b", "c"] * 120
    for tenant in wanted:
        if VendorLimitShare(KEY, tenant, shares).allows(left, took):
            left, took[tenant] = left - 1, took[tenant] + 1
    assert left == 0
    for tenant, weight in shares.items():
        assert took[tenant] >= int(0.5 * 120 * weight / sum(weights)) - 1


async def test_the_gateway_says_how_long(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """Over the gateway the refusal is the vendor's limit with seconds; the other tenant is served."""
    left = [12]

    def window(reply: Reply, tier: str) -> Window:
        left[0] -= 1
        return Window(tier, left[0], 40)

    async with corkboard(tmp_path, database_url, changes={"window": window}, redis_url=redis_url) as house:
        refused = None
        for _ in range(12):
            reply = await house.ask("GET", LIST, token=house.token())
            if reply.status_code != 200:
                refused = reply
                break
        assert refused is not None
        assert refused.json()["reason"] == "vendor_rate"
        assert (
            refused.json()["message"] == "what is left of corkboard's limit of core requests is kept for other tenants"
        )
        assert 1 <= int(refused.headers["retry-after"]) <= 40
        assert (await house.ask("GET", LIST, token=house.token(tenant="acme"))).status_code == 200
