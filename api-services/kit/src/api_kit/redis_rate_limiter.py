"""Rates and pauses in Redis, which all instances of a gateway share.

Owns the keys `gateway:{vendor}:rate|limit|pause|strikes|window:*` and `:instances`; all expire. One Lua script a
request: a vendor's pause first, then the tenant's share of what is left, as `service_kit.vendor_limit_shares` has it,
then the caller's own rate and the vendor's limits, all or none of them (GCRA: one time stamp a bucket). It also counts
the instances of a gateway, which share what each process counts alone.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError
from service_kit.log import get_logger
from service_kit.rate_limit import (
    LONGEST_GROWN_SECONDS,
    NEW_WINDOW_SECONDS,
    STRIKES_SECONDS,
    Bucket,
    Rate,
    RateLimiter,
    Wait,
    grown,
)
from service_kit.vendor_limit_shares import LAST_PART, VendorLimitShare, Window

WHOSE: dict[int, Literal["ours", "share"]] = {1: "ours", -2: "share"}
"""Whose limit a verdict of the script means; any other is the vendor's."""
REDIS_SECONDS = 3.0
RETRY_REDIS_SECONDS = 5.0
REGISTER_SECONDS = 5.0

TAKE = """
local count, instances = tonumber(ARGV[1]), 0
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
if ARGV[2] ~= '' then
  local register = KEYS[count + 1]
  redis.call('ZREMRANGEBYSCORE', register, '-inf', now - 60000000)
  redis.call('ZADD', register, now, ARGV[2])
  redis.call('PEXPIRE', register, 60000)
  instances = redis.call('ZCARD', register)
end
for place = count + 3, #KEYS do
  local left = redis.call('PTTL', KEYS[place])
  if left > 0 then return {-1, left * 1000, instances} end
end
local window, own, part = KEYS[count + 2], ARGV[4 * count + 3], tonumber(ARGV[4 * count + 4])
local remaining = own ~= '' and tonumber(redis.call('HGET', window, 'remaining') or nil)
if remaining then
  local weights, took, everything, total, least = {}, {}, remaining, 0, remaining > 0
  for place = 4 * count + 5, #ARGV, 2 do
    local tenant = ARGV[place]
    weights[tenant] = tonumber(ARGV[place + 1])
    took[tenant] = tonumber(redis.call('HGET', window, 'used:' .. tenant) or '0')
    everything, total = everything + took[tenant], total + weights[tenant]
  end
  local kept = 0
  for tenant, weight in pairs(weights) do
    if tenant ~= own then
      local fair = everything / total * weight
      kept = kept + math.min(part * fair, math.max(0, fair - took[tenant]))
      least = least and took[own] / weights[own] <= took[tenant] / weight
    end
  end
  if not least and remaining - 1 < kept then return {-2, redis.call('PTTL', window) * 1000, instances} end
end
local delay, following = 0, {}
for place = 1, count do
  local first = 4 * place - 1
  local step, cost = tonumber(ARGV[first]), tonumber(ARGV[first + 2])
  following[place] = math.max(tonumber(redis.call('GET', KEYS[place]) or '0'), now) + step * cost
  local wait = following[place] - now - step * tonumber(ARGV[first + 1])
  if wait > tonumber(ARGV[first + 3]) then return {place, wait, instances} end
  delay = math.max(delay, wait)
end
for place = 1, count do
  local next = following[place]
  redis.call('SET', KEYS[place], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1)
end
if remaining then redis.call('HINCRBY', window, 'remaining', -1) end
return {0, delay, instances}
"""

TELL = """
local window, left = KEYS[1], tonumber(ARGV[2])
if left > redis.call('PTTL', window) + tonumber(ARGV[3]) then redis.call('DEL', window) end
redis.call('HSET', window, 'remaining', ARGV[1])
if ARGV[4] then redis.call('HINCRBY', window, 'used:' .. ARGV[4], ARGV[5]) end
redis.call('PEXPIRE', window, left)
"""


class RedisRateLimiter(RateLimiter):
    """Counts in Redis, over all instances of a gateway; in this process alone while Redis does not answer."""

    def __init__(self, redis: Redis, *, vendor: str) -> None:
        super().__init__()
        self._redis = redis
        self._prefix = f"gateway:{{{vendor}}}"
        self._script = redis.register_script(TAKE)
        self._tell_script = redis.register_script(TELL)
        self._down_until = 0.0
        self._name = uuid4().hex
        self._register_at = 0.0

    async def take(
        self,
        key: str,
        rate: Rate,
        pauses: Sequence[str] = (),
        buckets: Sequence[Bucket] = (),
        share: VendorLimitShare | None = None,
    ) -> Wait | None:
        """Count a request before it is sent."""
        wanted = [Bucket(f"rate:{key}", rate), *buckets]
        keys = [*(bucket.key for bucket in wanted), "instances", f"window:{share.key if share else ''}"]
        keys += [f"pause:{pause}" for pause in pauses]
        arguments: list[int | str | float] = [len(wanted), self._registering()]
        for bucket in wanted:
            arguments += bucket.arguments
        arguments += [share.tenant if share else "", LAST_PART]
        for tenant, weight in (share.weights if share else {}).items():
            arguments += [tenant, weight]
        found = await self._ask(lambda: self._script(keys=[f"{self._prefix}:{name}" for name in keys], args=arguments))
        if found is None:
            return await super().take(key, rate, pauses, buckets, share)
        verdict, wait, instances = (int(value) for value in found)
        self.instances = instances or self.instances
        if verdict == 0:
            if share:
                self._shared.add(share.key)
            await asyncio.sleep(wait / 1_000_000)
            return None
        return Wait(wait / 1_000_000, WHOSE.get(verdict, "vendor"))

    async def tell(self, key: str, window: Window, tenant: str | None, used: int) -> None:
        """Remember what the vendor told of a limit that is shared, also in this process in case Redis goes away."""
        await super().tell(key, window, tenant, used)
        if key in self._shared and window.seconds > 0:
            await self._ask(lambda: self._tell(key, window, tenant, used))

    async def _tell(self, key: str, window: Window, tenant: str | None, used: int) -> bool:
        name = f"{self._prefix}:window:{key}"
        told = [window.remaining, _milliseconds(window.seconds), _milliseconds(NEW_WINDOW_SECONDS)]
        await self._tell_script(keys=[name], args=told if tenant is None else [*told, tenant, used])
        return True

    async def pause(self, key: str, seconds: float, *, grows: bool = False) -> None:
        """Remember a pause, also in this process in case Redis goes away."""
        await super().pause(key, seconds, grows=grows)
        await self._ask(lambda: self._pause(key, seconds, grows))

    async def _pause(self, key: str, seconds: float, grows: bool) -> bool:
        """Set a pause unless a longer one holds; one that grows counts once, however many replies bring it at once."""
        pause, strikes = f"{self._prefix}:pause:{key}", f"{self._prefix}:strikes:{key}"
        if grows and await self._redis.set(pause, b"1", px=_milliseconds(seconds), nx=True):
            async with self._redis.pipeline() as pipeline:
                pipeline.incr(strikes)
                pipeline.pexpire(strikes, _milliseconds(LONGEST_GROWN_SECONDS + STRIKES_SECONDS))
                count = int((await pipeline.execute())[0])
            seconds = grown(seconds, count)
            lasting = _milliseconds(seconds + STRIKES_SECONDS)
            await self._redis.pexpire(strikes, lasting)
        async with self._redis.pipeline() as pipeline:
            pipeline.set(pause, b"1", px=_milliseconds(seconds), nx=True)
            pipeline.pexpire(pause, _milliseconds(seconds), gt=True)
            await pipeline.execute()
        return True

    def _registering(self) -> str:
        """Return this instance's name when it is time to register again, else an empty text."""
        now = time.monotonic()
        if now < self._register_at:
            return ""
        self._register_at = now + REGISTER_SECONDS
        return self._name

    async def _ask(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Run a command; return None if Redis does not answer, and for some seconds after that without asking."""
        if time.monotonic() < self._down_until:
            return None
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                reply = await command()
        except (RedisError, OSError, TimeoutError) as error:
            if not self._down_until:
                get_logger(__name__).warning("redis_lost", error=str(error), rates="held by this process alone")
            self._down_until = time.monotonic() + RETRY_REDIS_SECONDS
            return None
        self._down_until = 0.0
        return reply


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
