"""What one request costs, paid once: when the reply says its usage, or else at its end, however that comes."""

import secrets

from model_api.audit import Entry
from model_api.prices import Prices
from model_api.request import Checked
from model_api.spending import Spending
from model_api.usage import Meter, StreamMeter, WholeMeter


class Bill:
    """Meters a reply and settles it; a reply that was cut is settled with what was seen, never as nothing.

    Args:
        checked: the request.
        entry: its audit entry, whose claims say who pays.
        prices: of the models that are served.
        spending: where it is recorded.
    """

    def __init__(self, checked: Checked, entry: Entry, prices: Prices, spending: Spending) -> None:
        self._checked = checked
        self._entry = entry
        self._prices = prices
        self._spending = spending
        self._meter: Meter = StreamMeter() if checked.stream else WholeMeter()
        self._open = True
        # Not the vendor's own id, which may be missing: this tells a row from the task's others.
        self._id = f"mreq_{secrets.token_hex(12)}"

    def waive(self) -> None:
        """Leave it at nothing: the vendor refused the request, or never got it."""
        self._open = False

    def feed(self, chunk: bytes) -> None:
        """Take the reply's next bytes; a stream is settled as soon as it has said its usage."""
        self._meter.feed(chunk)
        if self._checked.stream and self._meter.complete:
            self.settle()

    def settle(self) -> None:
        """Begin to record the cost, unless that was done."""
        claims = self._entry.claims
        if not self._open or claims is None:
            return
        self._open = False
        tokens = self._meter.tokens(len(self._checked.content))
        usd = self._prices.cost(self._checked.model, tokens)
        self._entry.tokens, self._entry.usd = tokens, usd
        self._entry.estimated = not self._meter.complete
        self._spending.settle(claims, model=self._checked.model, request_id=self._id, tokens=tokens, usd=usd)
