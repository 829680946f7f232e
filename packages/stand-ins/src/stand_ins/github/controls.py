"""What the admin routes work with: the stand-in, its gate of faults, its log of requests, and the way back."""

from collections.abc import Callable
from dataclasses import dataclass

from stand_ins.github.faults import FaultGate
from stand_ins.github.limits import RateLimits
from stand_ins.github.record import RequestLog
from stand_ins.github.stand_in import StandIn
from stand_ins.github.world import World


@dataclass
class Controls:
    """The levers; `fresh` makes the world as it was at the start."""

    stand_in: StandIn
    gate: FaultGate
    log: RequestLog
    fresh: Callable[[], World]

    def reset(self) -> None:
        """Begin anew; the hook stays, and what is on its way still arrives."""
        self.stand_in.world = self.fresh()
        self.stand_in.limits = RateLimits()
        self.stand_in.deliveries.log.clear()
        self.gate.faults.clear()
        self.log.entries.clear()
