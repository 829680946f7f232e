"""What one request costs, paid once: when the reply says its usage, or else at its end, however that comes."""

from model_api.audit import AuditEntry
from model_api.dialect import CheckedRequest, Meter
from model_api.prices import Prices
from model_api.spending import Reservation, Spending


class Charge:
    """Meters a reply and settles its price; a reply that never said its usage costs what was reserved.

    Args:
        request: the request.
        meter: reads the reply's usage.
        reserved: what is reserved for the request.
        entry: its audit entry.
        prices: of the models that are served.
        spending: where it is settled.
    """

    def __init__(
        self,
        request: CheckedRequest,
        meter: Meter,
        reserved: Reservation,
        entry: AuditEntry,
        prices: Prices,
        spending: Spending,
    ) -> None:
        self._model = request.model
        self._stream = request.stream
        self._meter = meter
        self._reserved = reserved
        self._entry = entry
        self._prices = prices
        self._spending = spending
        self._free = True
        self._open = True

    def sent(self) -> None:
        """Note that the request may reach the vendor from here on."""
        self._free = False

    def waive(self) -> None:
        """Note that it cost nothing: the vendor refused the request, or never got it."""
        self._free = True

    def feed(self, chunk: bytes) -> None:
        """Take the reply's next bytes; a stream is settled as soon as it has said all its usage."""
        self._meter.feed(chunk)
        if self._stream and self._meter.over and not self._free:
            self.settle()

    def settle(self) -> None:
        """Begin to settle, unless that was done."""
        if not self._open:
            return
        self._open = False
        if self._free:
            self._spending.release(self._reserved)
        elif self._meter.complete:
            tokens = self._meter.tokens()
            usd = self._prices.cost(self._model, tokens)
            self._entry.tokens, self._entry.usd = tokens, usd
            self._spending.settle(self._reserved, tokens, usd)
        else:
            self._entry.tokens, self._entry.usd = self._reserved.tokens, self._reserved.usd
            self._entry.estimated = True
            self._spending.keep(self._reserved)
