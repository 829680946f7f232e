"""Requests under way at once: so many of a credential, of a tenant on it, of a caller. Held by this process alone."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from api_kit.errors import Refusal

WAIT_SECONDS = 1.5
"""With the vendor's time and a limit's patience less than what an MCP server waits for its gateway."""


@dataclass(frozen=True)
class Places:
    """How many requests may be under way at once.

    Attributes:
        credential: of one credential, over all instances: the vendor's own limit.
        tenant: of one tenant with one credential, over all instances.
        caller: of one caller, in this process.
        waiting: how many wait for a place, over all callers.
    """

    credential: int = 100
    tenant: int = 50
    caller: int = 8
    waiting: int = 1000


@dataclass(frozen=True)
class Claim:
    """Whose place it is; without a tenant or caller only the credential's places count."""

    credential: str
    tenant: str | None = None
    caller: str | None = None


class ConcurrencyLimits:
    """Gives places, first come, first served; who waits for its own place holds up nobody else.

    Args:
        places: how many.
        instances: how many instances of the gateway share those of credentials and tenants.
    """

    def __init__(self, places: Places | None = None, *, instances: Callable[[], int] = lambda: 1) -> None:
        self._places = places or Places()
        self._instances = instances
        self._taken: Counter[tuple[str | None, ...]] = Counter()
        self._waiting: dict[asyncio.Future[None], Claim] = {}

    @property
    def taken(self) -> int:
        """How many requests are under way or hold a place."""
        return sum(number for key, number in self._taken.items() if len(key) == 1)

    async def take(self, claim: Claim, *, seconds: float = WAIT_SECONDS) -> None:
        """Take a place, waiting for it a moment.

        Raises:
            Refusal: `rate` or `vendor_rate`: there was none.
        """
        if self._full(claim) is None:
            self._count(claim, 1)
            return
        if len(self._waiting) >= self._places.waiting:
            raise self._refusal(claim)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[place] = claim
        try:
            async with asyncio.timeout(seconds):
                await place
        except TimeoutError:
            if not place.cancelled():
                return
            raise self._refusal(claim) from None
        except asyncio.CancelledError:
            if not place.cancelled():
                self.give_back(claim)
            raise
        finally:
            self._waiting.pop(place, None)

    def give_back(self, claim: Claim) -> None:
        """Give a place back, to whoever waited longest and fits."""
        self._count(claim, -1)
        for place, waiting in list(self._waiting.items()):
            if not place.done() and self._full(waiting) is None:
                self._count(waiting, 1)
                place.set_result(None)

    def _full(self, claim: Claim) -> str | None:
        """Name what has no place left."""
        for name, key, bound in self._bounds(claim):
            if self._taken[key] >= bound:
                return name
        return None

    def _bounds(self, claim: Claim) -> Iterator[tuple[str, tuple[str | None, ...], int]]:
        instances = max(1, self._instances())
        yield "credential", (claim.credential,), max(1, self._places.credential // instances)
        if claim.tenant is not None:
            yield "tenant", (claim.credential, claim.tenant), max(1, self._places.tenant // instances)
        if claim.caller is not None:
            yield "caller", (claim.credential, claim.tenant, claim.caller), self._places.caller

    def _count(self, claim: Claim, change: int) -> None:
        for _, key, _ in self._bounds(claim):
            self._taken[key] += change
            if self._taken[key] <= 0:
                del self._taken[key]

    def _refusal(self, claim: Claim) -> Refusal:
        whose = self._full(claim) or "gateway"
        reason = "vendor_rate" if whose == "credential" else "rate"
        return Refusal(reason, f"too many requests of this {whose} are under way", retry_after=1)
