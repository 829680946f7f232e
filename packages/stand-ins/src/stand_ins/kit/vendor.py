"""What a vendor's stand-in gives to the kit."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from stand_ins.kit.faults import Strike
from stand_ins.kit.rate_limits import RateLimits
from stand_ins.kit.refusal import Errors
from stand_ins.kit.request_log import KEPT_REQUESTS
from stand_ins.kit.webhooks import Deliveries


@dataclass(frozen=True)
class Control:
    """One request under /_stand-in/; ValueError and KeyError from `run` are answered 422 with their message."""

    method: str
    path: str
    run: Callable[[Request], Awaitable[Response]]


class StandInVendor(ABC):
    """A vendor's memory, routes and words.

    - `service`: its name in `/health`.
    - `errors`: how it refuses.
    - `faults`: its own faults by name, beyond the kit's.
    - `kept_requests`: how many requests its log keeps.
    - `secret_headers`: names of headers with its credential, which the log leaves out as it does Authorization.
    - `limits`, `deliveries`: its rate limits and its webhooks, if it has any.
    """

    service: ClassVar[str]
    errors: ClassVar[Errors]
    faults: ClassVar[Mapping[str, Strike]] = {}
    kept_requests: ClassVar[int] = KEPT_REQUESTS
    secret_headers: ClassVar[frozenset[str]] = frozenset()
    limits: RateLimits | None = None
    deliveries: Deliveries | None = None

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """Return the vendor's routes; a Refusal that one raises is sent as it says."""

    @abstractmethod
    def reset(self) -> None:
        """Make the memory as it was at the start."""

    def controls(self) -> Sequence[Control]:
        """Return the controls beyond the kit's: what the vendor's people do, and what tests look at."""
        return ()

    def greet(self, about: str, base: str) -> None:
        """Send the event with which the vendor greets a new hook. Raises ValueError where it sends none."""
        raise ValueError(f"{self.service} greets no hook")
