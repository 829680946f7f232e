"""Bounds the long connections of a process: how many all callers, one tenant and one caller hold at once."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge

TENANT_PART = 2
"""A tenant holds at most this part of all connections: half."""
CALLER_PART = 10
LEAST_OF_A_CALLER = 2
"""So that a client which comes again before its old connection has ended is let in."""
RETRY_SECONDS = 30


class TooManyConnections(Exception):
    """The caller waits, or closes a connection of its own: one more would be over a bound.

    Attributes:
        whose: who is at its bound: `all`, `tenant` or `caller`.
        status: the HTTP status: 503 where the process is full, 429 where it is the caller's or its tenant's own share.
    """

    def __init__(self, whose: str, message: str) -> None:
        super().__init__(message)
        self.whose = whose
        self.status = 503 if whose == "all" else 429


class ConnectionLimit:
    """Counts one kind of connection: `most` at once, a half of them for one tenant, a tenth for one caller.

    `name` is the gauge of open ones, and with `_refused` the counter of refusals; `what` names them in the plural.
    """

    def __init__(self, name: str, what: str, *, most: int, registry: CollectorRegistry) -> None:
        self._what = what
        tenants = max(1, most // TENANT_PART)
        self._most = {
            "all": most,
            "tenant": tenants,
            "caller": min(tenants, max(LEAST_OF_A_CALLER, most // CALLER_PART)),
        }
        self._open: Counter[tuple[str, ...]] = Counter()
        self._gauge = Gauge(name, f"Open {what}.", registry=registry)
        self._refused = prometheus_client.Counter(
            f"{name}_refused", f"Refused {what}, by whose bound.", ["whose"], registry=registry
        )

    @contextmanager
    def held(self, tenant: str | None, caller: str | None) -> Iterator[None]:
        """Hold a connection during the block. Without a tenant and a caller only the number of all counts.

        Raises:
            TooManyConnections: all, the tenant or the caller hold as many as they may.
        """
        keys: dict[str, tuple[str, ...]] = {"all": ()}
        if tenant is not None and caller is not None:
            keys |= {"tenant": (tenant,), "caller": (tenant, caller)}
        for whose, key in keys.items():
            if self._open[key] >= self._most[whose]:
                self._refused.labels(whose).inc()
                raise TooManyConnections(whose, self._refusal(whose))
        self._count(keys.values(), 1)
        try:
            yield
        finally:
            self._count(keys.values(), -1)

    def _count(self, keys: Iterable[tuple[str, ...]], change: int) -> None:
        for key in keys:
            self._open[key] += change
            if self._open[key] <= 0:
                del self._open[key]
        self._gauge.set(self._open[()])

    def _refusal(self, whose: str) -> str:
        most = self._most[whose]
        if whose == "all":
            return f"{most} {self._what} are open, and no more are taken: try again in {RETRY_SECONDS} s"
        return f"this {whose} has {most} {self._what} open, which is its share: close one first"
