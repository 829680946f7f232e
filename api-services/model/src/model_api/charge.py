"""What one request costs, paid once: when the reply says its usage, or else at its end, however that comes."""

from model_api.audit import Entry
from model_api.prices import Prices
from model_api.request import Checked
from model_api.spending import Reservation, Spending
from model_api.usage import Meter, StreamMeter, WholeMeter


class Bill:
    """Meters a reply and settles it; one whose usage never came is settled at what was reserved.

    Args:
        checked: the request.
        held: what is reserved for it.
        entry: its audit entry.
        prices: of the models that are served.
        spending: where it is settled.
    """

    def __init__(self, checked: Checked, held: Reservation, entry: Entry, prices: Prices, spending: Spending) -> None:
        self._model = checked.model
        self._stream = checked.stream
        self._held = held
        self._entry = entry
        self._prices = prices
        self._spending = spending
        self._meter: Meter = StreamMeter() if checked.stream else WholeMeter()
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
            self._spending.release(self._held)
        elif self._meter.complete:
            tokens = self._meter.tokens()
            usd = self._prices.cost(self._model, tokens)
            self._entry.tokens, self._entry.usd = tokens, usd
            self._spending.settle(self._held, tokens, usd)
        else:
            self._entry.tokens, self._entry.usd = self._held.tokens, self._held.usd
            self._entry.estimated = True
            self._spending.keep(self._held)
