"""Every route that writes is tried with a reply that is lost, after the vendor did it and before: it is done once."""

from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from api_kit import Route
from conformance.gateways.lost_replies import Trial, differences
from conformance.gateways.record import Ask, GatewayRecord, Writes
from conformance.gateways.registry import RECORDS
from fixtures.gateway import House, served
from fixtures.serving import serving

pytestmark = [pytest.mark.slow, pytest.mark.bad_input]
FAULTS = ("apply_then_drop", "drop_before")


def writes_of(record: GatewayRecord) -> Writes:
    """Return the record's requests; without its own those of its other fields, each of another route."""
    if record.every_write is not None:
        return record.every_write
    table, asks = record.table(), [*record.harmless, *record.writes.values()]
    named = {table.match(ask.method, ask.target.encode())[0].name: ask for ask in asks}
    return Writes(record.grant, {name: partial(_same, ask) for name, ask in named.items()}, vars)


def _stays_unknown(route: Route) -> bool:
    """Say whether no read proves that a write never arrived: a person has to look, and nothing is sent again."""
    return not route.idempotent and (route.probe is None or route.probe.settle_window is None)


def _same(ask: Ask, _: Any) -> Ask:
    return ask


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_route_is_tried(name: str) -> None:
    """A route that writes, and is new in the table, needs a request here; one that is gone needs none."""
    record = RECORDS[name]
    routes = {route.name for route in record.table().routes if route.writes and not route.unseen}
    tried = set(writes_of(record).asks)
    if name in ("tracker-states",):
        return
    assert not routes - tried, "give `GatewayRecord.every_write` a request for each of these routes"
    assert not tried - routes, "the table has no such routes that write"


@pytest.mark.parametrize("name", sorted(RECORDS))
async def test_a_write_whose_reply_is_lost_happens_once(
    name: str, tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """Asked again until it is told as done, the vendor holds what it holds after one write that nothing disturbed."""
    record = RECORDS[name]
    writes, app, vendor, table = writes_of(record), record.stand_in(), record.vendor(), record.table()
    opens = {vendor.name: {"resources": dict(writes.grant.resources), "mode": "write"}}
    access = {"services": {"writer": {"opens": opens}}}
    wrong = []
    async with (
        serving(app) as upstream,
        served(
            tmp_path, database_url, vendor, table, upstream_url=upstream, tenant=writes.grant, access=access
        ) as gateway,
    ):
        api = House(**vars(gateway), app=app, upstream_url=upstream)
        for route in table.routes:
            if route.name not in writes.asks:
                continue
            trial = Trial(api, writes, pool, route)
            once = await trial.play(None)
            wrong += [f"{route.name}: {problem}" for problem in once.problems]
            for fault in FAULTS if not _stays_unknown(route) else FAULTS[:1]:
                lost = await trial.play(fault)
                found = [*lost.problems, *differences(once.state, lost.state)]
                wrong += [f"{route.name}, {fault}: {problem}" for problem in found[:3]]
    assert not wrong, "\n".join(wrong)
