"""What a route says that its replies mean counts in place of what the vendor's replies mean elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest
from agent_contracts import Grant
from api_kit import Classified, Resource, Route, Table, document_of
from asyncpg import Pool
from core.api_kit.toy import TABLE, toy
from fixtures.resource_kinds import PROJECTS
from service_kit.http import Reply

GRANT = Grant.model_validate({"resources": {"projects": ["ops"], "channels": ["C1"]}, "mode": "write"})


def classify(reply: Reply) -> Classified:
    """Read the state and the seconds that a reply names, whatever its status."""
    document = document_of(reply)
    assert isinstance(document, dict)
    return Classified(document["state"], document.get("seconds"), words="no such channel")  # type: ignore[arg-type]


def table() -> Table:
    """Make a write and a read with a meaning of their own, and the read of another."""
    message = next(route for route in TABLE.routes if route.path == "/messages")
    project = (Resource(PROJECTS, "path", "{project}"),)
    own = Route("GET", "/{project}/own", resources=project, classify=classify, tier="own")
    return Table([replace(message, classify=classify), own, Route("GET", "/{project}/other", resources=project)])


@pytest.mark.parametrize("state", ["done", "refused", "absent", "limited"])
async def test_a_route_says_what_became_of_a_write(tmp_path: Path, pool: Pool, state: str) -> None:
    """A status of 200 is a failed effect where the route says so, with the vendor's own words."""
    async with toy(tmp_path, pool, GRANT, table=table()) as api:
        api.vendor.says({"state": state})
        assert (await api.client.post("/messages", json={"channel": "C1", "text": "x"})).status_code == 200
        (row,) = await pool.fetch("select state, detail from gateway.effects")
        failed = ("failed", "toy answered 200: 'no such channel'")
        assert (row["state"], row["detail"]) == (("done", None) if state == "done" else failed)


@pytest.mark.parametrize(("seconds", "waits"), [(0.0, None), (7.0, 7), (None, 30)])
async def test_a_limit_pauses_the_routes_tier_as_long_as_it_says(
    tmp_path: Path, pool: Pool, seconds: float | None, waits: int | None
) -> None:
    """0 seconds are no pause, and a limit that does not say how long pauses for 30 s; another tier goes on."""
    async with toy(tmp_path, pool, GRANT, table=table()) as api:
        for _ in range(3):
            api.vendor.says({"state": "limited", "seconds": seconds})
        await api.client.get("/ops/own")
        reply = await api.client.get("/ops/own")
        assert reply.headers.get("retry-after") == (None if waits is None else str(waits))
        assert reply.status_code == (200 if waits is None else 429)
        assert (await api.client.get("/ops/other")).status_code == 200
