"""Circuit breakers: after several failures in a row nothing is sent for a while, then one request is tried.

Each process holds its own circuits. There is one for each credential, and one for each caller on it. A caller whose own
requests fail (a search that is too large, a diff that times out) opens the circuit for itself alone. The credential's
circuit opens when the requests of several callers fail, or when no connection comes about.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from api_kit.errors import Refusal

CIRCUITS = 10_000
TRIAL_SECONDS = 1.0


@dataclass(frozen=True)
class BreakerConfig:
    """How many failures in a row open a circuit, and for how many seconds.

    A failure later than `window` seconds after the one before begins a new row. Each failed trial doubles the seconds,
    up to `longest`.
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
        """Return for how many seconds no request may pass; 0 lets one pass, perhaps as the trial."""
        if not self.opened:
            return 0.0
        if now < self.until:
            return self.until - now
        return TRIAL_SECONDS if self.tried else 0.0

    def open(self, now: float, config: BreakerConfig) -> None:
        """Let no request pass for twice as long as the last time."""
        self.until = now + min(config.seconds * 2.0 ** min(self.opened, 10), config.longest)
        self.opened += 1
        self.tried = False

    def close(self) -> None:
        """Forget all failures."""
        self.failures = self.outages = self.opened = 0
        self.callers.clear()
        self.tried = False


class Breaker:
    """All circuits of one upstream. `now` is a monotonic clock, in seconds.

    `opened` is told the credential of each circuit that opens, and whether it is a caller's own.
    """

    def __init__(
        self,
        config: BreakerConfig | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        opened: Callable[[str, bool], None] = lambda credential, own: None,
    ) -> None:
        self._config = config or BreakerConfig()
        self._now = now
        self._opened = opened
        self._circuits: OrderedDict[tuple[str, str | None], Circuit] = OrderedDict()

    def enter(self, credential: str, caller: str | None) -> "BreakerPermit":
        """Let a request pass, as the trial of a circuit whose time is over.

        Raises:
            Refusal: `upstream_open`: a circuit is open.
        """
        now = self._now()
        circuits = [circuit for circuit in self.known(credential, caller) if circuit.opened]
        wait = max((circuit.wait(now) for circuit in circuits), default=0.0)
        if wait > 0:
            message = "the vendor failed several times in a row and is left alone for a moment"
            raise Refusal("upstream_open", message, retry_after=wait)
        for circuit in circuits:
            circuit.tried = True
        return BreakerPermit(self, credential, caller, circuits)

    def failed(self, permit: "BreakerPermit", *, outage: bool) -> None:
        """Count a request without a usable reply; an outage is a failure that no request can bring about."""
        now = self._now()
        own = self._circuit((permit.credential, permit.caller)) if permit.caller is not None else None
        for circuit in [self._circuit((permit.credential, None)), *([own] if own else [])]:
            if circuit.opened:
                if circuit in permit.trials:
                    permit.trials.remove(circuit)
                    circuit.open(now, self._config)
                continue
            if now - circuit.last > self._config.window:
                circuit.close()
            circuit.last = now
            circuit.failures += 1
            circuit.outages += outage
            circuit.callers.add(permit.caller)
            several = len(circuit.callers) > 1 or circuit.outages == circuit.failures
            if circuit.failures >= self._config.failures and (several or circuit is own):
                circuit.open(now, self._config)
                self._opened(permit.credential, circuit is own)

    def known(self, credential: str, caller: str | None) -> list[Circuit]:
        """Return the circuits that a caller's request passes, if they have counted a failure."""
        keys = {(credential, None), (credential, caller)}
        return [self._circuits[key] for key in keys if key in self._circuits]

    def _circuit(self, key: tuple[str, str | None]) -> Circuit:
        circuit = self._circuits.setdefault(key, Circuit())
        self._circuits.move_to_end(key)
        if len(self._circuits) > CIRCUITS:
            self._circuits.popitem(last=False)
        return circuit


@dataclass
class BreakerPermit:
    """One caller's way through its circuits, some as their trial: it is told of each reply, and left in the end."""

    breaker: Breaker
    credential: str
    caller: str | None
    trials: list[Circuit]

    def succeeded(self) -> None:
        """Close the circuits: the vendor answered, perhaps with a refusal of its own."""
        self.trials.clear()
        for circuit in self.breaker.known(self.credential, self.caller):
            circuit.close()

    def failed(self, *, outage: bool = False) -> None:
        """Note a failure."""
        self.breaker.failed(self, outage=outage)

    def leave(self) -> None:
        """Let another request be the trial, if this one was a trial and sent nothing."""
        for circuit in self.trials:
            circuit.tried = False
        self.trials.clear()
