"""Bounds how many requests of a credential, of a tenant on it and of a caller are under way; each process counts."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from api_kit.errors import Refusal

WAIT_SECONDS = 1.5
"""Together with the vendor's time and a limit's patience this is less than an MCP server waits for its gateway."""


@dataclass(frozen=True)
class Slots:
    """How many requests may be under way at once, and how many callers wait for a slot.

    Those of a credential, and of a tenant with it, hold over all instances of the gateway, those of a caller here.
    """

    credential: int = 100
    tenant: int = 50
    caller: int = 8
    waiting: int = 1000


@dataclass(frozen=True)
class Holder:
    """Who holds a slot. Without a tenant or caller only the credential's slots count."""

    credential: str
    tenant: str | None = None
    caller: str | None = None


class ConcurrencyLimits:
    """Gives slots, first come, first served; a caller that waits for its own slot holds up no other caller.

    `instances` returns how many instances of the gateway share the slots of credentials and tenants.
    """

    def __init__(self, slots: Slots | None = None, *, instances: Callable[[], int] = lambda: 1) -> None:
        self._slots = slots or Slots()
        self._instances = instances
        self._taken: Counter[tuple[str | None, ...]] = Counter()
        self._waiting: dict[asyncio.Future[None], Holder] = {}

    async def take(self, holder: Holder, *, seconds: float = WAIT_SECONDS) -> None:
        """Take a slot, or wait for one for some seconds.

        Raises:
            Refusal: `rate` or `vendor_rate`: there was none.
        """
        if self._full(holder) is None:
            self._count(holder, 1)
            return
        if len(self._waiting) >= self._slots.waiting:
            raise self._refusal(holder)
        slot: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[slot] = holder
        try:
            async with asyncio.timeout(seconds):
                await slot
        except TimeoutError:
            if not slot.cancelled():
                return
            raise self._refusal(holder) from None
        except asyncio.CancelledError:
            if not slot.cancelled():
                self.release(holder)
            raise
        finally:
            self._waiting.pop(slot, None)

    def release(self, holder: Holder) -> None:
        """Release a slot, and give it to the caller that waited longest and fits."""
        self._count(holder, -1)
        for slot, waiting in list(self._waiting.items()):
            if not slot.done() and self._full(waiting) is None:
                self._count(waiting, 1)
                slot.set_result(None)

    def _full(self, holder: Holder) -> str | None:
        """Name what has no slot left: the credential, the tenant or the caller."""
        for name, key, bound in self._bounds(holder):
            if self._taken[key] >= bound:
                return name
        return None

    def _bounds(self, holder: Holder) -> Iterator[tuple[str, tuple[str | None, ...], int]]:
        instances = max(1, self._instances())
        yield "credential", (holder.credential,), max(1, self._slots.credential // instances)
        if holder.tenant is not None:
            yield "tenant", (holder.credential, holder.tenant), max(1, self._slots.tenant // instances)
        if holder.caller is not None:
            yield "caller", (holder.credential, holder.tenant, holder.caller), self._slots.caller

    def _count(self, holder: Holder, change: int) -> None:
        for _, key, _ in self._bounds(holder):
            self._taken[key] += change
            if self._taken[key] <= 0:
                del self._taken[key]

    def _refusal(self, holder: Holder) -> Refusal:
        whose = self._full(holder) or "gateway"
        reason = "vendor_rate" if whose == "credential" else "rate"
        return Refusal(reason, f"too many requests of this {whose} are under way", retry_after=1)
