"""What GitHub does not need and other vendors will: resources by lookup, query and body; danger routes; a base path."""

from dataclasses import replace
from pathlib import Path

import pytest
from agent_contracts import Grant
from api_kit import Json, Probe, Resource, Route, Table
from asyncpg import Pool
from core.api_kit.toy import never_found, toy
from fixtures.resource_kinds import BOARDS, PROJECTS

GRANT = Grant.model_validate({"resources": {"projects": ["ops"], "channels": ["C1"]}, "mode": "write"})


async def test_a_resource_is_looked_up(tmp_path: Path, pool: Pool) -> None:
    """The vendor is asked whose a ticket is; foreign or unknown, it never goes out, and nobody learns which."""
    async with toy(tmp_path, pool, GRANT) as api:
        api.vendor.says({"project": "Ops"})
        api.vendor.says({"id": 7})
        assert (await api.client.get("/tickets/7")).json() == {"id": 7}
        assert api.vendor.seen == ["GET /rest/v1/rest/tickets/7", "GET /rest/v1/tickets/7"]
        cases: list[tuple[Json, int]] = [({"project": "secret"}, 200), ({"project": "ops"}, 404), ([], 200)]
        told = set()
        for document, status in cases:
            api.vendor.says(document, status)
            reply = await api.client.get("/tickets/8")
            assert (reply.status_code, reply.json()["reason"]) == (403, "resource")
            told.add(reply.json()["message"])
        assert told == {"'/tickets/8' is not there, or belongs to none of the projects of the grant"}
        assert len(api.vendor.seen) == 5


async def test_a_resource_is_in_query_or_body(tmp_path: Path, pool: Pool) -> None:
    """What the query or the body names is checked, must be there, and must be text."""
    async with toy(tmp_path, pool, GRANT) as api:
        api.vendor.says({})
        assert (await api.client.get("/search?project=OPS")).status_code == 200
        assert (await api.client.get("/search?project=other")).json()["reason"] == "resource"
        assert (await api.client.get("/search")).json()["reason"] == "query"
        api.vendor.says({}, 201)
        assert (await api.client.post("/messages", json={"channel": "C1", "text": "x"})).status_code == 201
        for body, reason in (
            ({"channel": "C2"}, "resource"),
            ({"channel": ["C1"]}, "body"),
            ({"channel": ""}, "body"),
            ({"text": "x"}, "body"),
        ):
            assert (await api.client.post("/messages", json=body)).json()["reason"] == reason
        assert len(api.vendor.seen) == 2


async def test_links_and_locations_lose_the_base_path(tmp_path: Path, pool: Pool) -> None:
    """A vendor under a path of its own is found at the gateway without it."""
    async with toy(tmp_path, pool, GRANT) as api:
        links = '</rest/v1/search?project=ops&p=2>; rel="next"; results="true", </other/search?p=3>; rel="last"'
        api.vendor.says([], link=links, location="/rest/v1/search?project=ops")
        reply = await api.client.get("/search?project=ops")
        assert reply.headers["link"] == f'<{api.url}/search?project=ops&p=2>; rel="next"; results="true"'
        assert reply.headers["location"] == f"{api.url}/search?project=ops"


async def test_a_reply_is_bounded_and_whole(tmp_path: Path, pool: Pool) -> None:
    """A reply over the limit is refused, and so is one that is encoded against our wish: it is never decoded."""
    async with toy(tmp_path, pool, GRANT) as api:
        api.vendor.says("x" * 6000)
        reply = await api.client.get("/search?project=ops")
        assert (reply.status_code, reply.json()["reason"]) == (502, "reply_too_large")
        api.vendor.says([], content_encoding="br")
        reply = await api.client.get("/search?project=ops")
        assert (reply.status_code, reply.json()["reason"]) == (502, "upstream_broken")
        api.vendor.says([], connection="x-hop", x_hop="1")
        assert "x-hop" not in (await api.client.get("/search?project=ops")).headers


async def test_danger_is_for_services_that_hold_it(tmp_path: Path, pool: Pool) -> None:
    """A danger route goes out for a service of its own that may write; a vendor's failure is ours to survive."""
    async with toy(tmp_path, pool, GRANT) as api:
        api.vendor.says({}, 200)
        assert (await api.client.delete("/projects/ops")).status_code == 200
        reply = await api.client.delete("/projects/ops")
        assert reply.status_code == 500
        assert "x-agent-gateway-error" not in reply.headers
        (first, second) = await pool.fetch("select state from gateway.effects order by began_at")
        assert (first["state"], second["state"]) == ("done", "unknown")


async def test_other_hosts_and_origins_are_refused_like_the_rest(tmp_path: Path, pool: Pool) -> None:
    """What a web page could have sent gets nothing but the gateway's own refusal."""
    async with toy(tmp_path, pool, GRANT) as api:
        for status, name, value in ((421, "host", "evil.example"), (403, "origin", "https://evil.example")):
            reply = await api.client.get("/tickets/T-1", headers={name: value})
            assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (status, name)
            assert (reply.json()["reason"], value in reply.json()["message"]) == (name, True)
            assert f"ALLOWED_{name.upper()}S" in reply.json()["remedy"]
        assert api.vendor.seen == []


def test_a_table_must_be_whole() -> None:
    """Two equal routes, a lookup that is none, an unread reply without a path are refused."""
    with pytest.raises(ValueError, match="same method"):
        Table([Route("GET", "/a"), Route("GET", "/a")])
    with pytest.raises(ValueError, match="lookup"):
        Table([Route("GET", "/a/{b}", resources=(Resource(PROJECTS, "lookup"),))])
    opaque, unread = frozenset({"text/plain"}), ("application/json", "text/plain")
    with pytest.raises(ValueError, match="opaque"):
        Table([Route("GET", "/a/{b}", accepts=unread, opaque=opaque)])
    with pytest.raises(ValueError, match="opaque"):
        Table([Route("GET", "/a/{b}", opaque=opaque, resources=(Resource(PROJECTS, "path", "{b}"),))])
    with pytest.raises(ValueError, match="parameter"):
        Table([Route("GET", "/a/{b}", resources=(Resource(PROJECTS, "path", "{c}"),))])


def test_a_write_must_be_whole() -> None:
    """Tools and resources are named; what a repeat would do twice has its proof and its way to be found."""
    touched = (Resource(BOARDS, "path", "{b}"),)
    write = Route("POST", "/a/{b}", access="write", tools=frozenset({"t"}), resources=touched)
    for route, says in (
        (replace(write, tools=frozenset()), "names the tools"),
        (replace(write, resources=()), "resources that it touches"),
        (replace(write, access="danger", idempotent=True, resources=()), "resources that it touches"),
        (write, "idempotent=True"),
        (replace(write, probe=Probe(never_found)), "`verify_reply`"),
        (replace(write, verify_reply=lambda asked, reply: None), "`probe`"),
    ):
        with pytest.raises(ValueError, match=says):
            Table([route])
    Table([replace(write, idempotent=True)])
    Table([replace(write, verify_reply=lambda asked, reply: None, probe=Probe(never_found))])
