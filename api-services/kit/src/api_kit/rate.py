"""Rates: so many a second and so many at once, of a caller or of all that share a vendor's limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


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
class Limit:
    """One of the vendor's own limits: what all callers of a credential share, and how much of it one may take.

    Attributes:
        name: what the vendor counts.
        rate: of the credential, over all instances.
        each: of one caller, so that a greedy one leaves some to the others.
        cost: what the request takes of both.
        patience: seconds for which a request is held back until it fits; it is refused where that is not enough.
    """

    name: str
    rate: Rate
    each: Rate
    cost: int = 1
    patience: float = 0.0


@dataclass(frozen=True)
class Bucket:
    """A rate under a key, and what a request takes of it."""

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
    """How long a caller has to wait, and whose limit it is."""

    seconds: float
    whose: Literal["ours", "vendor"]


def shared(limits: Sequence[Limit], credential: str, caller: str) -> list[Bucket]:
    """Give the buckets of a vendor's limits: one of the credential and one of the caller for each."""
    return [
        Bucket(key, rate, limit.cost, limit.patience)
        for limit in limits
        for key, rate in (
            (f"{credential}:{limit.name}", limit.rate),
            (f"{credential}:{limit.name}:{caller}", limit.each),
        )
    ]
