"""What a request does is said by its route, or where the body tells, by a function of the whole request."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from agent_contracts import Grant, Mode
from api_kit import Body, Call, Json, Refusal, Resource, Route, Table, policy
from api_kit.callers import Caller
from api_kit.routes import Access
from asyncpg import Pool
from core.api_kit.toy import TOOLS, toy
from fixtures.resource_kinds import PROJECTS

KNOWN: dict[Json, Access] = {"look": "read", "set": "write", "drop": "danger"}


def access_of(call: Call) -> Access | None:
    """Read off the body what a request does."""
    return KNOWN.get(call.body.get("do")) if isinstance(call.body, dict) else None


def acting(access: Access) -> Route:
    """Make a route whose body says what a request does."""
    return Route(
        "POST",
        "/{project}/act",
        access=access,
        access_of=access_of,
        tools=TOOLS,
        resources=(Resource(PROJECTS, "path", "{project}"),),
        body=Body(frozenset({"do"})),
        idempotent=True,
    )


async def test_a_request_that_only_reads_makes_no_effect(tmp_path: Path, pool: Pool) -> None:
    """Where the grant's mode is read, a route that can write passes what only reads, and refuses the rest unsent."""
    reading = Grant.model_validate({"resources": {"projects": ["ops"]}, "mode": "read"})
    async with toy(tmp_path, pool, reading, table=Table([acting("write")])) as api:
        api.vendor.says({"found": 1})
        reply = await api.client.post("/ops/act", json={"do": "look"})
        assert (reply.status_code, reply.json(), reply.headers.get("x-agent-effect")) == (200, {"found": 1}, None)
        for body, reason in (({"do": "set"}, "read_only"), ({"do": "drop"}, "read_only"), ({"do": "?"}, "access")):
            reply = await api.client.post("/ops/act", json=body)
            assert (reply.status_code, reply.json()["reason"]) == (403, reason)
        assert (await api.client.post("/secret/act", json={"do": "look"})).json()["reason"] == "resource"
        assert len(api.vendor.seen) == 1
    assert await pool.fetchval("select count(*) from gateway.effects") == 0


async def test_a_request_that_writes_is_an_effect(tmp_path: Path, pool: Pool) -> None:
    """The same route makes a row of what writes."""
    writing = Grant.model_validate({"resources": {"projects": ["ops"]}, "mode": "write"})
    async with toy(tmp_path, pool, writing, table=Table([acting("danger")])) as api:
        for _ in range(2):
            api.vendor.says({})
        states = [
            (await api.client.post("/ops/act", json={"do": do})).headers.get("x-agent-effect-state")
            for do in ("look", "set")
        ]
        assert states == [None, "done"]


@pytest.mark.parametrize(("mode", "status"), [("write", 200), ("propose", 200), ("read", 403)])
async def test_what_nobody_sees_is_written_at_once(tmp_path: Path, pool: Pool, mode: str, status: int) -> None:
    """It is no effect and no proposal, and yet a write: a grant to read does not open it."""
    grant = Grant.model_validate({"resources": {"projects": ["ops"]}, "mode": mode})
    unseen = replace(acting("write"), access_of=None, unseen=True)
    async with toy(tmp_path, pool, grant, table=Table([unseen])) as api:
        api.vendor.says({"id": 1})
        reply = await api.client.post("/ops/act", json={"do": "set"})
        assert (reply.status_code, len(api.vendor.seen)) == (status, int(status == 200))
    assert await pool.fetchval("select count(*) from gateway.effects") == 0


def test_only_a_harmless_write_is_seen_by_nobody() -> None:
    """A table has no dangerous route of which nobody would see a row."""
    unseen = replace(acting("write"), access_of=None, unseen=True)
    for wrong in (replace(unseen, access="danger"), replace(unseen, access="read")):
        with pytest.raises(ValueError, match="what nobody sees"):
            Table([wrong])


@pytest.mark.parametrize("access", ["write", "danger"])
@pytest.mark.parametrize(("do", "proposed"), [("set", False), ("drop", True)])
def test_the_request_decides_whatever_the_route_says(access: Access, do: str, proposed: bool) -> None:
    """A task's request is proposed where it is dangerous, on a route that is dangerous by default or is not."""
    caller = Caller("toy-mcp", grant=Grant(mode=Mode.write), any_tool=True, tenant="default", task=uuid4(), attempt=1)
    assert policy.is_proposed(Call(acting(access), {"project": "ops"}, {}, {"do": do}), caller) is proposed


def test_a_dangerous_route_that_cannot_tell_refuses() -> None:
    """No answer is a refusal on a route that is dangerous by default, too."""
    with pytest.raises(Refusal, match="cannot tell"):
        assert Call(acting("danger"), {"project": "ops"}, {}, {}).access
