"""What a vendor's replies tell beside their content: a limit's rest, and caches. It goes into a result's `_meta`."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LIMITS = "agent-bot/rate-limits"
CACHE = "agent-bot/cache"


@dataclass(frozen=True)
class VendorLimit:
    """What is left of a vendor's limit.

    Attributes:
        bucket: the vendor's name of the limit, as it may have several.
        remaining: so many requests are left until the reset.
        limit: so many there are in all, where the vendor tells it.
        reset: when all are there again.
    """

    bucket: str
    remaining: int
    limit: int | None
    reset: datetime

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        whole = {} if self.limit is None else {"limit": self.limit}
        reset = self.reset.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"bucket": self.bucket, "remaining": self.remaining, **whole, "reset": reset}


@dataclass
class ReplyMeta:
    """What the replies to one call told. Of a limit the last word counts."""

    _limits: dict[str, VendorLimit] = field(default_factory=dict)
    _replies: int = 0
    _kept: int = 0

    def add(self, limit: VendorLimit | None, *, kept: bool) -> None:
        """Take in what a reply tells: the limit that it counted in, and whether it was kept in a cache."""
        self._replies += 1
        self._kept += kept
        if limit is not None:
            self._limits[limit.bucket] = limit

    def document(self) -> dict[str, Any] | None:
        """Return it as a result's `_meta`; None where the vendor told nothing."""
        found: dict[str, Any] = {}
        if self._limits:
            found[LIMITS] = [limit.document() for limit in self._limits.values()]
        if self._kept:
            found[CACHE] = {"replies": self._replies, "from_cache": self._kept}
        return found or None
