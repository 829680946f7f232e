"""The log of requests, rate limits and the way back to the start."""

from typing import ClassVar

import httpx
from fixtures.serving import serving
from fixtures.stand_in_chatter import TOKEN, Chatter
from stand_ins.kit.app import StandInApp


class Keyed(Chatter):
    """Chatter with a credential header of its own."""

    secret_headers: ClassVar[frozenset[str]] = frozenset({"X-Shelf-Key"})


async def test_the_log_has_no_credential(chatter: httpx.AsyncClient) -> None:
    """What was asked is kept with its body and status, without the token; a query narrows what is shown."""
    await chatter.get("/health")
    await chatter.post("/api/messages.post?a=b", data={"channel": "C0001", "text": "x"})
    await chatter.get("/api/channels.list")
    entries = (await chatter.get("/_stand-in/requests?method=POST")).json()
    assert [(one["method"], one["path"], one["query"], one["body"], one["status"]) for one in entries] == [
        ("POST", "/api/messages.post", "a=b", "channel=C0001&text=x", 200)
    ]
    assert TOKEN not in str(entries)
    assert entries[0]["authenticated"] is True
    assert len((await chatter.get("/_stand-in/requests")).json()) == 2


async def test_the_log_has_no_credential_of_the_vendors_own_header() -> None:
    """A header that the vendor names is left out of the log, also where a fault strikes before the route."""
    key = {"X-Shelf-Key": "shelf-secret", "X-Shelf-Page": "7"}
    async with serving(StandInApp(Keyed())) as url, httpx.AsyncClient(base_url=url, headers=key) as client:
        await client.get("/api/channels.list")
        await client.post("/_stand-in/faults", json={"fault": "status", "status": 503})
        assert (await client.get("/api/channels.list")).status_code == 503
        entries = (await client.get("/_stand-in/requests")).json()
    shown = [(one["status"], one["authenticated"], one["headers"]["x-shelf-page"]) for one in entries]
    assert shown == [(200, True, "7"), (503, True, "7")]
    assert "shelf-secret" not in str(entries)


async def test_a_used_up_window_refuses_until_its_reset(chatter: httpx.AsyncClient) -> None:
    """A window can be set; when nothing remains the vendor's refusal says for how long."""
    order = {"resource": "channels.list", "remaining": 1, "reset_in": 30}
    assert (await chatter.put("/_stand-in/rate", json=order)).status_code == 204
    assert (await chatter.get("/api/channels.list")).status_code == 200
    refused = await chatter.get("/api/channels.list")
    assert (refused.status_code, refused.json()["error"]) == (429, "ratelimited")
    assert 25 <= int(refused.headers["retry-after"]) <= 30


async def test_reset_begins_anew(chatter: httpx.AsyncClient) -> None:
    """A reset brings back the memory of the start, and clears log, faults and limits."""
    await chatter.post("/api/messages.post", data={"channel": "C0001", "text": "x"})
    await chatter.put("/_stand-in/rate", json={"remaining": 0})
    await chatter.post("/_stand-in/faults", json={"fault": "html"})
    assert (await chatter.post("/_stand-in/reset")).status_code == 204
    assert (await chatter.get("/_stand-in/requests")).json() == []
    assert len((await chatter.get("/api/messages.list", params={"channel": "C0001"})).json()["messages"]) == 3
