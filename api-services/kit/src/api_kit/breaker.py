"""Circuits: what keeps failing is left alone for a moment, then tried once. Held by this process alone.

A circuit for each credential, and one for each caller on it: a caller whose own requests fail (a search that is too
large, a diff that times out) closes the vendor for itself; for all it is closed only by what is not one caller's doing.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from api_kit.errors import Refusal

OPEN = "upstream_open"
"""The reason of a refusal: nothing was sent."""
CIRCUITS = 10_000
TRIAL_SECONDS = 1.0


@dataclass(frozen=True)
class BreakerConfig:
    """When a circuit opens, and for how long.

    Attributes:
        failures: so many in a row open it.
        window: seconds between two failures after which they are no row any more.
        seconds: how long it is open at first; doubled by each failed trial.
        longest: how long at most.
    """

    failures: int = 5
    window: float = 60.0
    seconds: float = 5.0
    longest: float = 60.0


@dataclass(eq=False)
class Circuit:
    """The failures in a row of one credential, or of one caller on it."""

    failures: int = 0
    outages: int = 0
    last: float = 0.0
    callers: set[str | None] = field(default_factory=set)
    opened: int = 0
    until: float = 0.0
    tried: bool = False

    def wait(self, now: float) -> float:
        """Say how long nothing may pass; 0 when it may, be it as the one trial."""
        if not self.opened:
            return 0.0
        if now < self.until:
            return self.until - now
        return TRIAL_SECONDS if self.tried else 0.0

    def open(self, now: float, strain: BreakerConfig) -> None:
        """Let nothing pass for a while, for twice as long as the last time."""
        self.until = now + min(strain.seconds * 2.0 ** min(self.opened, 10), strain.longest)
        self.opened += 1
        self.tried = False

    def close(self) -> None:
        """Forget all failures."""
        self.failures = self.outages = self.opened = 0
        self.callers.clear()
        self.tried = False


class Breaker:
    """All circuits of one upstream.

    Args:
        strain: what a circuit bears.
        now: a monotonic clock, in seconds.
        opened: told of each circuit that opens: the credential, and whether it is a caller's own.
    """

    def __init__(
        self,
        strain: BreakerConfig | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        opened: Callable[[str, bool], None] = lambda credential, own: None,
    ) -> None:
        self._strain = strain or BreakerConfig()
        self._now = now
        self._opened = opened
        self._circuits: OrderedDict[tuple[str, str | None], Circuit] = OrderedDict()

    def enter(self, credential: str, caller: str | None) -> "BreakerPermit":
        """Let a request pass, as the trial of a circuit whose time is over.

        Raises:
            Refusal: a circuit is open.
        """
        now = self._now()
        circuits = [circuit for circuit in self._of(credential, caller) if circuit.opened]
        wait = max((circuit.wait(now) for circuit in circuits), default=0.0)
        if wait > 0:
            remedy = "Nothing was sent: wait as long as Retry-After says."
            message = "the vendor failed several times in a row and is left alone for a moment"
            raise Refusal(OPEN, message, remedy=remedy, retry_after=wait)
        for circuit in circuits:
            circuit.tried = True
        return BreakerPermit(self, credential, caller, circuits)

    def succeeded(self, credential: str, caller: str | None) -> None:
        """Note that the vendor answered, be it with a refusal of its own."""
        for circuit in self._of(credential, caller):
            circuit.close()

    def failed(self, passage: "BreakerPermit", *, outage: bool) -> None:
        """Note that no usable reply came; an outage is one that no request can bring about."""
        now = self._now()
        own = self._circuit((passage.credential, passage.caller)) if passage.caller is not None else None
        for circuit in self._of(passage.credential, passage.caller, make=True):
            if circuit.opened:
                if circuit in passage.trials:
                    passage.trials.remove(circuit)
                    circuit.open(now, self._strain)
                continue
            if now - circuit.last > self._strain.window:
                circuit.close()
            circuit.last = now
            circuit.failures += 1
            circuit.outages += outage
            circuit.callers.add(passage.caller)
            several = len(circuit.callers) > 1 or circuit.outages == circuit.failures
            if circuit.failures >= self._strain.failures and (several or circuit is own):
                circuit.open(now, self._strain)
                self._opened(passage.credential, circuit is own)

    def _of(self, credential: str, caller: str | None, *, make: bool = False) -> Iterable[Circuit]:
        """Give the circuits that a caller's request passes."""
        keys: list[tuple[str, str | None]] = [(credential, None)]
        if caller is not None:
            keys.append((credential, caller))
        return [self._circuit(key) if make else self._circuits[key] for key in keys if make or key in self._circuits]

    def _circuit(self, key: tuple[str, str | None]) -> Circuit:
        circuit = self._circuits.setdefault(key, Circuit())
        self._circuits.move_to_end(key)
        if len(self._circuits) > CIRCUITS:
            self._circuits.popitem(last=False)
        return circuit


@dataclass
class BreakerPermit:
    """One caller's way through its circuits: told of each reply, and left in the end.

    Attributes:
        trials: the circuits whose one trial it is.
    """

    breaker: Breaker
    credential: str
    caller: str | None
    trials: list[Circuit]

    def succeeded(self) -> None:
        """Note a reply."""
        self.trials.clear()
        self.breaker.succeeded(self.credential, self.caller)

    def failed(self, *, outage: bool = False) -> None:
        """Note a failure."""
        self.breaker.failed(self, outage=outage)

    def leave(self) -> None:
        """Give back a trial in which nothing was sent."""
        for circuit in self.trials:
            circuit.tried = False
        self.trials.clear()
