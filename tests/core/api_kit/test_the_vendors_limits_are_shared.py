"""The vendor's own limits: one bucket of a credential over all instances, and no caller takes all of it."""

import asyncio
import time

import pytest
from api_kit.redis_rate_limiter import RedisRateLimiter
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from service_kit.rate_limit import Bucket, Limit, Rate, RateLimiter, shared

PLENTY = Rate(10_000, 10_000)
POINTS = Limit("points", Rate(0.01, 10), each=Rate(0.01, 6), cost=2)
SPACE = Limit("space", Rate(10, 1), each=Rate(10, 2), patience=0.35)


@pytest.fixture(params=["redis", "local"])
async def limiters(request: pytest.FixtureRequest, redis: Redis) -> list[RateLimiter]:
    """Two instances on one Redis, or one alone."""
    return [RedisRateLimiter(redis, vendor="toy") for _ in range(2)] if request.param == "redis" else [RateLimiter()]


async def ask(limiter: RateLimiter, caller: str, *limits: Limit, credential: str = "c") -> float | None:
    """Count a request of a caller, and give what it must wait."""
    wait = await limiter.take(caller, PLENTY, [], shared(limits, credential, caller))
    assert wait is None or wait.whose == "vendor"
    return wait.seconds if wait else None


async def test_one_caller_leaves_some_to_the_others(limiters: list[RateLimiter]) -> None:
    """Ten points: three requests of two pass for one caller, the other two for another; a third gets none."""
    first, last = limiters[0], limiters[-1]
    asked = [await ask(limiter, "greedy", POINTS) for limiter in (first, last, first, last)]
    assert [wait is None for wait in asked] == [True, True, True, False]
    asked = [await ask(limiter, "modest", POINTS) for limiter in (last, first, last)]
    assert [wait is None for wait in asked] == [True, True, False]
    assert await ask(first, "late", POINTS) is not None
    assert await ask(first, "late", POINTS, credential="another") is None


async def test_what_is_refused_is_counted_nowhere(limiters: list[RateLimiter]) -> None:
    """A request that one bucket refuses takes nothing of the others, the caller's own rate included."""
    full = Limit("full", Rate(0.01, 1), each=Rate(0.01, 1))
    assert await ask(limiters[0], "first", full) is None
    for _ in range(5):
        assert await ask(limiters[0], "a", POINTS, full) is not None
    assert [await ask(limiters[-1], "a", POINTS) is None for _ in range(4)] == [True, True, True, False]
    once = Rate(0.01, 1)
    assert await limiters[0].take("b", once, [], [Bucket("full", once, cost=2)])
    assert await limiters[0].take("b", once) is None


@pytest.mark.parametrize(("rate", "each", "patience"), [(Rate(1, 3), Rate(1, 9), 1.9), (Rate(1, 9), Rate(1, 3), 0.0)])
def test_a_limit_that_lets_nothing_pass_is_refused(rate: Rate, each: Rate, patience: float) -> None:
    """A request that costs more than fits at once waits within the limit's patience, or could never be sent."""
    with pytest.raises(ValueError, match="never fits"):
        Limit("points", rate, each, cost=5, patience=patience)
    Limit("points", rate, each, cost=5, patience=2.0)


async def test_what_makes_something_is_spaced(limiters: list[RateLimiter]) -> None:
    """Requests at once go out a step apart and in the end are refused, over all instances."""
    began = time.monotonic()
    passed: list[float] = []

    async def make(turn: int) -> float | None:
        wait = await ask(limiters[turn % len(limiters)], f"caller {turn}", SPACE)
        if wait is None:
            passed.append(time.monotonic() - began)
        return wait

    waits = await asyncio.gather(*(make(turn) for turn in range(8)))
    assert [wait is None for wait in waits].count(True) == 4
    assert all(after > 0.08 * step for step, after in enumerate(sorted(passed)))
    assert all(0 < wait <= 0.45 for wait in waits if wait)


async def test_a_caller_is_held_back_alone(limiters: list[RateLimiter]) -> None:
    """While a greedy caller's requests queue up to its share, another's still finds room."""
    slow = Limit("space", Rate(20, 1), each=Rate(2, 2), patience=0.2)
    greedy = await asyncio.gather(*(ask(limiters[turn % len(limiters)], "greedy", slow) for turn in range(20)))
    assert [wait is None for wait in greedy].count(True) == 2
    assert await ask(limiters[-1], "modest", slow) is None


async def test_instances_are_counted(redis: Redis) -> None:
    """Each instance learns how many there are; without Redis it knows of itself alone."""
    limiters = [RedisRateLimiter(redis, vendor="toy") for _ in range(3)]
    assert [limiter.instances for limiter in limiters] == [1, 1, 1]
    for limiter in limiters:
        await limiter.take("a", PLENTY)
    assert [limiter.instances for limiter in limiters] == [1, 2, 3]
    assert 0 < await redis.pttl("gateway:{toy}:instances") <= 60_000
    assert RateLimiter().instances == 1


async def test_a_pause_without_a_length_grows(limiters: list[RateLimiter]) -> None:
    """Asked for again after its end it is twice as long; many replies that bring it at once count once."""
    first, last = limiters[0], limiters[-1]

    async def left() -> float:
        wait = await last.take("a", PLENTY, ["c:*"])
        return wait.seconds if wait else 0.0

    if len(limiters) == 2:
        await asyncio.gather(*(limiter.pause("c:*", 0.2, grows=True) for limiter in [first, last] * 5))
        assert 0 < await left() <= 0.2
    else:
        await asyncio.gather(*(first.pause("c:*", 0.2, grows=True) for _ in range(10)))
        assert 0 < await left() <= 0.2
    await asyncio.sleep(0.21)
    assert await left() == 0
    await first.pause("c:*", 0.2, grows=True)
    assert 0.25 < await left() <= 0.4
    await first.pause("c:*", 0.05)
    assert await left() > 0.1, "a shorter pause ends no longer one"


async def test_a_vendor_cannot_fill_the_memory_with_pauses() -> None:
    """Pauses under ever new names are forgotten when they are over."""
    clock = [0.0]
    limiter = RateLimiter(now=lambda: clock[0])
    for number in range(25_000):
        clock[0] += 1
        await limiter.pause(f"c:{number}", 5)
    assert len(limiter._paused) <= 10_001


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5), st.floats(0, 3)), min_size=1, max_size=150),
)
def test_no_minute_has_more_than_the_vendor_allows(requests: list[tuple[int, int, float]]) -> None:
    """Whatever callers ask at whatever pace, in any minute at most 90 points pass, 45 and a request of one caller."""
    clock = [50.0]
    limiter = RateLimiter(now=lambda: clock[0])
    passed: list[tuple[float, int, int]] = []

    async def walk() -> None:
        for caller, cost, gap in requests:
            clock[0] += gap
            points = Limit("points", Rate(1, 30), each=Rate(0.5, 15), cost=cost)
            if await ask(limiter, f"caller {caller}", points) is None:
                passed.append((clock[0], caller, cost))

    asyncio.run(walk())
    for start, _, _ in passed:
        minute = [(caller, cost) for moment, caller, cost in passed if start <= moment < start + 60]
        assert sum(cost for _, cost in minute) <= 90
        for caller in range(3):
            assert sum(cost for who, cost in minute if who == caller) <= 45
