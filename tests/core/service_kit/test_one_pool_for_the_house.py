"""One pool for the house: of a process's long connections each tenant and each caller has a share."""

from contextlib import ExitStack

import pytest
from prometheus_client import CollectorRegistry
from service_kit.connection_limit import ConnectionLimit, TooManyConnections


def opened(limit: ConnectionLimit, stack: ExitStack, tenant: str, caller: str, wanted: int) -> tuple[int, str]:
    """Open connections until one is refused; return how many were opened, and whose bound refused the next."""
    for count in range(wanted):
        try:
            stack.enter_context(limit.held(tenant, caller))
        except TooManyConnections as error:
            return count, error.whose
    return wanted, ""


def test_nobody_holds_all_connections() -> None:
    """One caller gets a tenth, one tenant with many callers a half, and others still come in; all is counted."""
    registry = CollectorRegistry()
    limit = ConnectionLimit("sse", "SSE connections", most=100, registry=registry)
    with ExitStack() as stack:
        assert opened(limit, stack, "acme", "run 0", 100) == (10, "caller")
        took = [opened(limit, stack, "acme", f"run {n}", 10) for n in range(1, 6)]
        assert took == [(10, "")] * 4 + [(0, "tenant")]
        assert [opened(limit, stack, "other", f"run {n}", 10) for n in range(5)] == [(10, "")] * 5
        with pytest.raises(TooManyConnections, match=r"100 SSE connections are open.*try again in 30 s") as full:
            stack.enter_context(limit.held("third", "run"))
        assert full.value.status == 503
        assert registry.get_sample_value("sse") == 100
        for whose in ("caller", "tenant", "all"):
            assert registry.get_sample_value("sse_refused_total", {"whose": whose}) == 1
    assert registry.get_sample_value("sse") == 0


def test_a_share_is_told_as_ones_own() -> None:
    """Who is at its own bound is told so with the figure and 429; after a connection has ended there is room."""
    limit = ConnectionLimit("sse", "SSE connections", most=4, registry=CollectorRegistry())
    with limit.held("acme", "run"):
        with (
            limit.held("acme", "run"),
            pytest.raises(TooManyConnections, match="has 2 SSE connections open, which is its share") as share,
            limit.held("acme", "run"),
        ):
            pass
        assert share.value.status == 429
        with limit.held("acme", "run"):
            pass
