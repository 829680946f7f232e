"""What one request costs, paid once: when the reply says its usage, or else at its end, however that comes."""

from dataclasses import dataclass

from model_api.audit import AuditEntry
from model_api.dialect import CheckedRequest, Meter
from model_api.prices import Prices
from model_api.spending import Reservation, Spending


@dataclass
class Charge:
    """Meters a reply and settles its price; a reply that never said its usage costs what was reserved.

    It is free until the request may reach the vendor, and again where the vendor refused it or never got it.
    """

    request: CheckedRequest
    meter: Meter
    reserved: Reservation
    entry: AuditEntry
    prices: Prices
    spending: Spending
    free: bool = True
    open: bool = True

    def feed(self, chunk: bytes) -> None:
        """Take the reply's next bytes; a stream is settled as soon as it has said all its usage."""
        self.meter.feed(chunk)
        if self.request.stream and self.meter.over and not self.free:
            self.settle()

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
            self.entry.tokens, self.entry.usd = self.reserved.tokens, self.reserved.usd
            self.entry.estimated = True
            self.spending.keep(self.reserved)
