"""The rate: so many at once, so many a second, not one more; in Redis as in one process."""

import asyncio
import time

import pytest
from api_kit.redis_rate_limiter import RedisRateLimiter
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from service_kit.rate_limit import Rate, RateLimiter


@given(
    st.integers(1, 20), st.integers(1, 15), st.lists(st.floats(0, 0.6, allow_nan=False), min_size=1, max_size=60)
)  # fmt: skip
def test_no_window_has_more_than_its_share(per_second: int, burst: int, gaps: list[float]) -> None:
    """In any stretch of time at most burst + rate x length pass; who waits as long as told then passes."""
    clock = [100.0]
    limiter = RateLimiter(now=lambda: clock[0])
    rate = Rate(per_second, burst)
    passed: list[float] = []

    async def walk() -> None:
        for gap in gaps:
            clock[0] += gap
            wait = await limiter.take("a", rate)
            if wait is None:
                passed.append(clock[0])
                continue
            assert wait.whose == "ours"
            assert 0 < wait.seconds <= 1 / per_second + 1e-6
        if (wait := await limiter.take("a", rate)) is not None:
            clock[0] += wait.seconds + 1e-6
            assert await limiter.take("a", rate) is None

    asyncio.run(walk())
    for first, start in enumerate(passed):
        for last, end in enumerate(passed[first:], first):
            assert last - first + 1 <= burst + (end - start) * per_second + 1e-3


async def test_redis_counts_over_all_instances(redis: Redis) -> None:
    """Two limiters on one Redis let ten of forty simultaneous requests pass, then ten a second; keys expire."""
    limiters = [RedisRateLimiter(redis, vendor="toy") for _ in range(2)]
    started = time.monotonic()
    waits = await asyncio.gather(*(limiters[turn % 2].take("a", Rate()) for turn in range(40)))
    seconds = time.monotonic() - started
    passed = sum(wait is None for wait in waits)
    assert 10 <= passed <= 10 + seconds * 10
    assert all(0 < wait.seconds <= 0.1 for wait in waits if wait)
    assert await limiters[0].take("b", Rate()) is None
    keys = [key async for key in redis.scan_iter("gateway:{toy}:*")]
    assert sorted(keys) == [b"gateway:{toy}:instances", b"gateway:{toy}:rate:a", b"gateway:{toy}:rate:b"]
    lifetimes = [await redis.pttl(key) for key in keys if b":rate:" in key]
    assert all(0 < left <= 1002 for left in lifetimes)


@pytest.mark.parametrize("where", ["redis", "local"])
async def test_a_pause_holds_until_its_end(redis: Redis, where: str) -> None:
    """Nothing passes under a paused key; what waits for the vendor is not counted against the caller."""
    limiter = RedisRateLimiter(redis, vendor="toy") if where == "redis" else RateLimiter()
    await limiter.pause("c:core", 0.3)
    for _ in range(4):
        wait = await limiter.take("a", Rate(10, 2), ["c:core", "c:*"])
        assert wait is not None
        assert wait.whose == "vendor"
        assert 0 < wait.seconds <= 0.3
    assert await limiter.take("a", Rate(10, 2), ["c:search"]) is None
    await asyncio.sleep(0.32)
    assert await limiter.take("a", Rate(10, 2), ["c:core", "c:*"]) is None


async def test_a_lost_redis_is_not_waited_for() -> None:
    """The first request notices, the next ones are counted here without asking."""
    limiter = RedisRateLimiter(Redis.from_url("redis://127.0.0.1:1/0"), vendor="toy")
    started = time.monotonic()
    waits = [await limiter.take("a", Rate()) for _ in range(20)]
    assert time.monotonic() - started < 10
    assert 10 <= sum(wait is None for wait in waits) <= 20
