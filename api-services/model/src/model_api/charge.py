"""What one request costs, paid once: when the reply says its usage, or else at its end, however that comes."""

import asyncio
import math
from dataclasses import dataclass, field, replace
from decimal import Decimal

from model_api.audit import AuditEntry
from model_api.dialect import CheckedRequest, Meter
from model_api.prices import Prices
from model_api.spending import Reservation, Spending
from model_api.tokens import Tokens

CHECKPOINT_SECONDS = 1.0
UNSEEN_SECONDS = 2.0
"""How long a model may have written unseen: up to the next checkpoint, and until it knew that nobody reads."""
BYTES_A_TOKEN = 2
"""Of a stream's speed; no text is counted with as few."""


@dataclass
class Charge:
    """Meters a reply and settles its price; a reply that never said its usage costs an estimate.

    It is free until the request may reach the vendor, and again where the vendor refused it or never got it. While a
    reply comes the estimate is kept in the database about once a second, for the case that this process dies.
    `output_per_second` is how many tokens the model may write in each second of which nothing was seen.
    """

    request: CheckedRequest
    meter: Meter
    reserved: Reservation
    entry: AuditEntry
    prices: Prices
    spending: Spending
    output_per_second: int
    free: bool = True
    open: bool = True
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    checkpoint_at: float = 0.0

    def feed(self, chunk: bytes) -> None:
        """Take the reply's next bytes; a stream is settled as soon as it has said all its usage."""
        self.meter.feed(chunk)
        if self.request.stream and self.meter.over and not self.free:
            self.settle()
        now = asyncio.get_running_loop().time()
        if self.open and not self.free and now >= self.checkpoint_at and (estimate := self._estimate()) is not None:
            self.checkpoint_at = now + CHECKPOINT_SECONDS
            self.spending.checkpoint(self.reserved, *estimate)

    def settle(self) -> None:
        """Begin to settle, unless that was done."""
        if not self.open:
            return
        self.open = False
        if self.free:
            self.spending.release(self.reserved)
        elif self.meter.complete:
            tokens = self.meter.tokens()
            usd = self.prices.cost(self.request.model, tokens)
            self.entry.tokens, self.entry.usd = tokens, usd
            self.spending.settle(self.reserved, tokens, usd)
        else:
            estimate = self._estimate()
            self.entry.tokens, self.entry.usd = estimate or (self.reserved.tokens, self.reserved.usd)
            self.entry.estimated = True
            self.spending.estimate(self.reserved, estimate)

    def _estimate(self) -> tuple[Tokens, Decimal] | None:
        """Return at least what has come, and what may come unseen; None before the reply said its input."""
        seen = self.meter.seen()
        if seen is None:
            return None
        seconds = max(1.0, asyncio.get_running_loop().time() - self.began)
        unseen = math.ceil(max(self.output_per_second, seen.output / BYTES_A_TOKEN / seconds) * UNSEEN_SECONDS)
        tokens = replace(seen, output=min(seen.output + unseen, self.reserved.tokens.output))
        return tokens, min(self.prices.cost(self.request.model, tokens), self.reserved.usd)
