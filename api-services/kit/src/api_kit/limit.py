"""Rates and pauses. Owns the Redis keys `gateway:{vendor}:rate:*` and `gateway:{vendor}:pause:*`; all of them expire.

One Lua script a request: a vendor's pause first, then the caller's own rate (GCRA: one time stamp a caller).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError
from service_kit.log import get_logger

REDIS_SECONDS = 3.0
RETRY_REDIS_SECONDS = 5.0
LOCAL_KEYS = 10_000

TAKE = """
for place = 2, #KEYS do
  local left = redis.call('PTTL', KEYS[place])
  if left > 0 then return {2, left * 1000} end
end
local step, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local next = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = next + step - (now + step * burst)
if wait > 0 then return {1, wait} end
redis.call('SET', KEYS[1], string.format('%.0f', next + step), 'PX', math.ceil((next + step - now) / 1000) + 1)
return {0, 0}
"""


@dataclass(frozen=True)
class Rate:
    """So many requests a second, and so many at once."""

    per_second: float = 10.0
    burst: int = 10

    @property
    def step(self) -> int:
        """Microseconds between two requests of a caller that never rests."""
        return round(1_000_000 / self.per_second)


@dataclass(frozen=True)
class Wait:
    """How long a caller has to wait, and whose limit it is."""

    seconds: float
    whose: Literal["ours", "vendor"]


class Limiter(Protocol):
    """Counts requests and remembers pauses."""

    async def take(self, key: str, rate: Rate, pauses: Sequence[str] = ()) -> Wait | None:
        """Count a request; say how long to wait if it must not go out, in which case it is not counted."""

    async def pause(self, key: str, seconds: float) -> None:
        """Remember that nothing may go out under a key for a while."""


class LocalLimiter:
    """Counts in this process alone.

    Args:
        now: a monotonic clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._next: dict[str, int] = {}
        self._paused: dict[str, float] = {}

    async def take(self, key: str, rate: Rate, pauses: Sequence[str] = ()) -> Wait | None:
        """Count a request."""
        clock = self._now()
        for pause in pauses:
            left = self._paused.get(pause, 0.0) - clock
            if left > 0:
                return Wait(left, "vendor")
            self._paused.pop(pause, None)
        now = int(clock * 1_000_000)
        following = max(self._next.pop(key, 0), now)
        wait = following + rate.step - (now + rate.step * rate.burst)
        if wait > 0:
            self._next[key] = following
            return Wait(wait / 1_000_000, "ours")
        self._next[key] = following + rate.step
        if len(self._next) > LOCAL_KEYS:
            self._next.pop(next(iter(self._next)))
        return None

    async def pause(self, key: str, seconds: float) -> None:
        """Remember a pause."""
        self._paused[key] = self._now() + seconds


class RedisLimiter:
    """Counts in Redis, over all instances of a gateway; in this process alone while Redis does not answer."""

    def __init__(self, redis: Redis, *, vendor: str) -> None:
        self._redis = redis
        self._prefix = f"gateway:{{{vendor}}}"
        self._script = redis.register_script(TAKE)
        self._local = LocalLimiter()
        self._down_until = 0.0

    @property
    def shared(self) -> bool:
        """Whether Redis answered last."""
        return self._down_until == 0.0

    async def take(self, key: str, rate: Rate, pauses: Sequence[str] = ()) -> Wait | None:
        """Count a request."""
        keys = [f"{self._prefix}:rate:{key}", *(f"{self._prefix}:pause:{pause}" for pause in pauses)]
        found = await self._ask(lambda: self._script(keys=keys, args=[rate.step, rate.burst]))
        if found is None:
            return await self._local.take(key, rate, pauses)
        verdict, wait = int(found[0]), int(found[1])
        return None if verdict == 0 else Wait(wait / 1_000_000, "ours" if verdict == 1 else "vendor")

    async def pause(self, key: str, seconds: float) -> None:
        """Remember a pause, here too, in case that Redis goes away."""
        await self._local.pause(key, seconds)
        milliseconds = max(1, round(seconds * 1000))
        await self._ask(lambda: self._redis.set(f"{self._prefix}:pause:{key}", b"1", px=milliseconds))

    async def _ask(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Run a command; None when Redis does not answer, and for a moment after that without asking."""
        if time.monotonic() < self._down_until:
            return None
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                reply = await command()
        except (RedisError, OSError, TimeoutError) as error:
            if self.shared:
                get_logger(__name__).warning("redis_lost", error=str(error), rates="held by this process alone")
            self._down_until = time.monotonic() + RETRY_REDIS_SECONDS
            return None
        self._down_until = 0.0
        return reply
