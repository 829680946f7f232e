"""The request that the vendor sees is the one that was checked, and what the vendor points to is checked too."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from agent_contracts import Grant
from asyncpg import Pool
from core.api_kit.corkboard import LIST, NOTE, NOTES
from core.api_kit.toy import Toy, toy
from fixtures.gateway import House

GRANT = Grant.model_validate({"resources": {"projects": ["ops"]}, "mode": "read"})
SEARCH = "/search?project=ops"


@pytest.fixture
async def api(tmp_path: Path, pool: Pool) -> AsyncIterator[Toy]:
    """A gateway whose vendor says what it is told to."""
    async with toy(tmp_path, pool, GRANT) as opened:
        yield opened


async def test_what_is_not_in_the_table_is_refused(house: House) -> None:
    """An unknown path is refused, and an unknown method with those that the path has."""
    token = house.token()
    for target in ("/", "/boards/team", "/Boards/team/notes", f"{NOTES}/", "/boards/team/notes;x=1", "/search"):
        assert (await house.ask("GET", target, token=token)).json()["reason"] == "unknown_route", target
    for method in ("PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"):
        reply = await house.ask(method, NOTES, token=token)
        assert (reply.status_code, reply.headers["allow"]) == (405, "GET, POST")
    assert not house.seen


async def test_no_method_override(house: House) -> None:
    """The method is the request's own."""
    for name in ("x-http-method-override", "X-HTTP-Method", "x-method-override"):
        reply = await house.ask("GET", LIST, token=house.token(), headers={name: "DELETE"})
        assert (reply.status_code, reply.json()["reason"]) == (400, "header")
    reply = await house.ask("GET", f"{LIST}&_method=DELETE", token=house.token())
    assert (reply.status_code, reply.json()["reason"]) == (400, "query")
    assert not house.seen


async def test_a_body_is_what_the_route_takes(house: House) -> None:
    """A body of another type or encoding, beyond the bound, or of a read is refused, and nothing is sent."""
    token, big = house.token(), b'{"text":"' + b"x" * 1_100_000 + b'"}'
    for method, content, headers, expected in (
        ("POST", b"{}", {"content-type": "text/plain"}, (415, "content_type")),
        ("POST", b"{}", {"content-type": "application/json", "content-encoding": "gzip"}, (415, "content_type")),
        ("POST", big, {"content-type": "application/json"}, (413, "body_too_large")),
        ("GET", b"{}", {}, (400, "body")),
    ):
        reply = await house.ask(method, NOTES, token=token, tool="note_write", content=content, headers=headers)
        assert (reply.status_code, reply.json()["reason"]) == expected
    assert not house.seen


async def test_a_body_that_does_not_come_is_not_waited_for(house: House) -> None:
    """A caller that sends too slowly is answered 408 in time, and nothing goes on."""

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"text":'
        await asyncio.sleep(0.3)
        yield b'"x"}'

    headers = {"authorization": f"Bearer {house.services['helper']}", "content-type": "application/json"}
    async with house.another(body_seconds=0.1) as url:
        reply = await house.client.post(f"{url}{NOTES}", headers=headers, content=slowly())
    assert (reply.status_code, reply.json()["reason"]) == (408, "body_timeout")
    assert not house.seen


async def test_redirects_to_elsewhere_are_refused(api: Toy) -> None:
    """Another host, a path outside table or grant, a circle: none is followed, and none is shown to the caller."""
    for location in (
        "http://127.0.0.1:1/rest/v1/search?project=ops",
        "https://evil.example/rest/v1/search?project=ops",
        "//evil.example/rest/v1/search?project=ops",
        "/rest/v1/user",
        "/search?project=ops",
        "/rest/v1/search?project=secret",
        "/rest/v1/../search?project=ops",
        "",
    ):
        api.vendor.says({}, 302, location=location)
        reply = await api.client.get(SEARCH)
        assert (reply.status_code, reply.json()["reason"]) == (502, "redirect"), location
        assert "secret" not in reply.text
        assert not api.vendor.replies
    for _ in range(2):
        api.vendor.says({}, 302, location="/rest/v1/search?project=ops")
    assert (await api.client.get(SEARCH)).json()["reason"] == "redirect"


@pytest.mark.parametrize("location", ["https://evil.example/x?sig=1", "//[", ""])
async def test_a_redirect_to_another_host_says_whose_it_is(api: Toy, location: str) -> None:
    """The refusal names the vendor's address and the variable that holds it, and not where the redirect leads."""
    api.vendor.says({}, 302, location=location)
    told = (await api.client.get(SEARCH)).json()
    assert f"{api.gateway.vendor.name} at {api.gateway.upstream.address} redirects to another host" in told["message"]
    assert f"{api.gateway.vendor.name.upper()}_UPSTREAM_URL" in told["remedy"]
    assert "evil" not in f"{told}"


async def test_links_to_elsewhere_are_dropped(api: Toy) -> None:
    """A Link or Location to another host does not reach the caller."""
    link = '<https://evil.example/x?page=2>; rel="next", </rest/v1/search?project=ops&p=9>; rel="last"'
    api.vendor.says({}, 404, link=link, location="https://evil.example/")
    reply = await api.client.get(SEARCH)
    assert reply.headers["link"] == f'<{api.url}/search?project=ops&p=9>; rel="last"'
    assert "location" not in reply.headers


async def test_a_redirected_write_is_refused(house: House) -> None:
    """A write is not sent a second time to where the vendor points, and has failed."""
    house.fault("status", method="POST", status=307, headers={"location": "/boards/team/notes"})
    reply = await house.ask("POST", NOTES, service="helper", body=NOTE)
    assert (reply.status_code, reply.json()["reason"]) == (502, "redirect")
    assert reply.headers["x-agent-effect-state"] == "failed"
    assert [seen["method"] for seen in house.seen] == ["POST"]
