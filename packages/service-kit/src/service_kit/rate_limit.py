"""Limits rates: requests a second and at once, of one caller or of all callers that share a vendor's limit.

`RateLimiter` keeps its counts in this process's memory; that of the gateways' kit keeps them in Redis. Both count by
GCRA: one time stamp for each bucket, which is forgotten once the bucket is full again.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from service_kit.vendor_limit_shares import VendorLimitShare, Window

LOCAL_KEYS = 10_000
STRIKES_SECONDS = 600.0
LONGEST_GROWN_SECONDS = 3600.0
NEW_WINDOW_SECONDS = 5.0
"""A vendor that tells so much more time than its window has left tells of a new one: its clock is in whole seconds."""


@dataclass(frozen=True)
class Rate:
    """So many requests a second, and so many at once."""

    per_second: float = 10.0
    burst: int = 10

    @property
    def step(self) -> int:
        """Microseconds between two requests of a caller at this rate."""
        return round(1_000_000 / self.per_second)


@dataclass(frozen=True)
class Limit:
    """A vendor's own limit: `rate` is what all callers of a credential share, `each` how much of it one may take.

    A request takes `cost` of both, and is delayed by at most `patience` seconds until it fits; if that is not enough it
    is refused.

    Raises:
        ValueError: the cost fits neither at once nor within the patience, so that no request would ever pass.
    """

    name: str
    rate: Rate
    each: Rate
    cost: int = 1
    patience: float = 0.0

    def __post_init__(self) -> None:
        for rate in (self.rate, self.each):
            if (self.cost - rate.burst) / rate.per_second > self.patience:
                raise ValueError(f"the limit {self.name}: a request of cost {self.cost} never fits into {rate}")


@dataclass(frozen=True)
class Bucket:
    """A rate under a key, and how much a request takes of it."""

    key: str
    rate: Rate
    cost: int = 1
    patience: float = 0.0

    @property
    def arguments(self) -> tuple[int, int, int, int]:
        """Step, burst, cost and patience, as the script takes them."""
        return self.rate.step, self.rate.burst, self.cost, round(self.patience * 1_000_000)


@dataclass(frozen=True)
class Wait:
    """How long a caller must wait, and whose limit says so: ours, the vendor's, or its tenant's share of that."""

    seconds: float
    whose: Literal["ours", "vendor", "share"]


@dataclass
class _Told:
    """What a vendor told of a limit, until it is whole again, and what each tenant took of it since."""

    until: float
    remaining: int
    used: dict[str, int] = field(default_factory=dict)


def shared(limits: Sequence[Limit], credential: str, caller: str) -> list[Bucket]:
    """Return the buckets of a vendor's limits: for each limit one of the credential and one of the caller."""
    return [
        Bucket(key, rate, limit.cost, limit.patience)
        for limit in limits
        for key, rate in (
            (f"limit:{credential}:{limit.name}", limit.rate),
            (f"limit:{credential}:{limit.name}:{caller}", limit.each),
        )
    ]


class RateLimiter:
    """Counts requests and remembers pauses, in this process alone.

    `now` is a monotonic clock, in seconds. `instances` is how many processes share the store, as far as this one knows.
    """

    instances = 1

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counting = threading.Lock()
        self._next: dict[str, int] = {}
        self._paused: dict[str, float] = {}
        self._strikes: dict[str, tuple[int, float]] = {}
        self._told: dict[str, _Told] = {}
        self._shared: set[str] = set()

    def admit(self, key: str, rate: Rate, cost: int = 1) -> Wait | None:
        """Count what arrives in this process at once, so that a flood of refused requests costs little.

        A cost that would never fit takes all that may come at once. Threads may count too.
        """
        found = self._count([Bucket(f"came:{key}", rate, min(cost, rate.burst))])
        return found if isinstance(found, Wait) else None

    async def take(
        self,
        key: str,
        rate: Rate,
        pauses: Sequence[str] = (),
        buckets: Sequence[Bucket] = (),
        share: VendorLimitShare | None = None,
    ) -> Wait | None:
        """Count a request before it is sent, and delay it where a bucket has patience.

        With a share, what the vendor told is left of the limit must do for the other tenants too (see `tell`).

        Returns:
            How long to wait if it must not be sent; it is then not counted. None if it may be sent.
        """
        clock = self._now()
        left = max((self._paused.get(pause, 0.0) - clock for pause in pauses), default=0.0)
        if left > 0:
            return Wait(left, "vendor")
        told = self._told_now(share.key, clock) if share else None
        if share and told and not share.allows(told.remaining, told.used):
            return Wait(told.until - clock, "share")
        found = self._count([Bucket(f"rate:{key}", rate), *buckets])
        if isinstance(found, Wait):
            return found
        if share:
            self._shared.add(share.key)
        if told:
            told.remaining -= 1
        await asyncio.sleep(found / 1_000_000)
        return None

    def _count(self, buckets: Sequence[Bucket]) -> Wait | int:
        """Take from all buckets or none. Return the wait of the first full bucket, or the microseconds of delay."""
        with self._counting:
            return self._take_from(buckets)

    def _take_from(self, buckets: Sequence[Bucket]) -> Wait | int:
        now, delay, following = int(self._now() * 1_000_000), 0, {}
        for place, bucket in enumerate(buckets):
            step, burst, cost, patience = bucket.arguments
            following[bucket.key] = max(self._next.get(bucket.key, 0), now) + step * cost
            wait = following[bucket.key] - now - step * burst
            if wait > patience:
                return Wait(wait / 1_000_000, "vendor" if place else "ours")
            delay = max(delay, wait)
        for key, moment in following.items():
            self._next.pop(key, None)
            self._next[key] = moment
        while len(self._next) > LOCAL_KEYS:
            self._next.pop(next(iter(self._next)))
        return delay

    async def tell(self, key: str, window: Window, tenant: str | None, used: int) -> None:
        """Remember what the vendor told of a limit that is shared, and count what a tenant's request used of it."""
        if key not in self._shared:
            return
        now = self._now()
        told = self._told_now(key, now)
        if told is None or now + window.seconds > told.until + NEW_WINDOW_SECONDS:
            told = _Told(now + window.seconds, window.remaining)
        told.until, told.remaining = now + window.seconds, window.remaining
        if tenant is not None:
            told.used[tenant] = told.used.get(tenant, 0) + used
        self._told[key] = told

    def _told_now(self, key: str, now: float) -> _Told | None:
        told = self._told.get(key)
        return told if told is not None and told.until > now else None

    async def pause(self, key: str, seconds: float, *, grows: bool = False) -> None:
        """Remember that nothing may be sent under a key for a while; a shorter pause does not end a longer.

        A growing pause doubles each time.
        """
        now = self._now()
        if grows and self._paused.get(key, 0.0) <= now:
            count, until = self._strikes.get(key, (0, 0.0))
            count = count + 1 if now < until else 1
            seconds = grown(seconds, count)
            self._strikes[key] = count, now + seconds + STRIKES_SECONDS
        self._paused[key] = max(self._paused.get(key, 0.0), now + seconds)
        if len(self._paused) > LOCAL_KEYS:
            self._paused = {name: until for name, until in self._paused.items() if until > now}


def grown(seconds: float, count: int) -> float:
    """Return the length of a pause that was asked for `count` times in a row."""
    return min(seconds * 2.0 ** min(count - 1, 12), max(seconds, LONGEST_GROWN_SECONDS))
