"""One structured line for each request, and its figures."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter, Histogram
from service_kit.log import get_logger

from api_kit.callers import Caller

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


@dataclass
class Entry:
    """What is known of a request so far."""

    method: str
    started: float = field(default_factory=time.monotonic)
    caller: Caller | None = None
    route: str | None = None
    target: str | None = None
    resources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    effect: UUID | None = None
    effect_state: str | None = None
    effect_detail: str | None = None
    repeat: bool = False
    outgoing: str = ""
    left_out: int = 0
    upstream_status: int | None = None
    reason: str | None = None


class Audit:
    """Writes a line for each request of a vendor's gateway, and counts the requests."""

    def __init__(self, registry: CollectorRegistry, *, vendor: str) -> None:
        self._vendor = vendor
        self._log = get_logger("audit")
        labels = ("vendor", "route", "status", "reason")
        self._requests = Counter("gateway_requests", "Requests answered.", labels, registry=registry)
        self._seconds = Histogram(
            "gateway_seconds", "Time to the answer.", ("vendor", "route"), registry=registry, buckets=BUCKETS
        )

    def write(self, entry: Entry, *, status: int, size: int) -> None:
        """Write a request's line, once it is answered."""
        seconds = time.monotonic() - entry.started
        route = entry.route or "none"
        self._requests.labels(self._vendor, route, str(status), entry.reason or "").inc()
        self._seconds.labels(self._vendor, route).observe(seconds)
        caller = entry.caller
        self._log.info(
            "request",
            vendor=self._vendor,
            method=entry.method,
            route=entry.route,
            target=entry.target,
            resources=[name for names in entry.resources.values() for name in names],
            service=caller.service if caller else None,
            person=caller.person if caller else None,
            tenant=caller.tenant if caller else None,
            task_id=str(caller.task) if caller and caller.task else None,
            attempt=caller.attempt if caller else None,
            tool=caller.tool if caller else None,
            effect=str(entry.effect) if entry.effect else None,
            effect_state=entry.effect_state,
            effect_detail=entry.effect_detail,
            repeat=entry.repeat or None,
            outgoing=entry.outgoing or None,
            left_out=entry.left_out or None,
            upstream_status=entry.upstream_status,
            status=status,
            reason=entry.reason,
            bytes=size,
            ms=round(seconds * 1000, 2),
        )
