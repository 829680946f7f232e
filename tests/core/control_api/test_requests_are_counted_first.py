"""Control counts each request in its door's, its tenant's or its webhook's share before it reads the body."""

import json
from pathlib import Path

import asyncpg
from fixtures.control import OTHER_TOKEN, TOKEN, TRIGGER, Control, built, payload, write_files
from fixtures.serving import serving
from service_kit.http import HttpClient, Reply

SLOW = {"RATE_BURST": "3", "TENANT_RATE_BURST": "4"} | dict.fromkeys(
    ("RATE_PER_SECOND", "TENANT_RATE_PER_SECOND"), "0.01"
)
DENSE = b'{"skill": "issue-triage", "input": {"all": [' + b"[]," * 340_000 + b"1]}}"
"""A task of nearly 1 MiB, and of next to nothing."""


async def post(http: HttpClient, body: bytes, token: str = TOKEN) -> Reply:
    """Submit a task."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return await http.request("POST", "/v1/tasks", content=body, headers=headers)


async def test_a_door_a_tenant_and_a_webhook_have_shares(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """What is past a share is 429 and says whose; another tenant's door goes on meanwhile."""
    write_files(tmp_path, TRIGGER)
    async with serving(built(tmp_path, pool, sources=None, **SLOW)) as url, HttpClient(base_url=url) as http:
        replies = [await post(http, b"{") for _ in range(4)]
        assert [reply.status for reply in replies] == [400] * 3 + [429]
        assert replies[-1].headers["x-agent-control-error"] == "rate"
        assert int(replies[-1].headers["retry-after"]) > 1
        assert "the door 'http:local' sent more than its share" in replies[-1].json()["message"]
        assert (await post(http, b"{", OTHER_TOKEN)).status == 400
        control = Control(http, pool, tmp_path)
        replies = [await control.deliver(payload(number)) for number in range(2)]
        assert [reply.status == 429 for reply in replies] == [False, True]
        assert "the tenant 'acme' sent more than its share" in replies[-1].json()["message"]


async def test_a_stranger_at_a_webhook_takes_nothing_of_its_tenant(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """What has no signature counts for its sender's address alone, as a trusted proxy tells it, however large it is."""
    write_files(tmp_path, TRIGGER)
    trusted = {"TRUSTED_PROXIES": "127.0.0.1"}
    async with serving(built(tmp_path, pool, sources=None, **SLOW, **trusted)) as url, HttpClient(base_url=url) as http:
        control, forged = Control(http, pool, tmp_path), {"x_hub_signature_256": "sha256=0"}
        strangers = [await control.deliver(payload(), x_forwarded_for="203.0.113.9", **forged) for _ in range(6)]
        assert [reply.status for reply in strangers] == [401] * 4 + [429] * 2
        assert "203.0.113.9 at the webhook 'github' sent more than" in strangers[-1].json()["message"]
        large = [await control.deliver(b"[" * 3_000_000, x_forwarded_for="203.0.113.10", **forged) for _ in range(2)]
        assert [reply.status for reply in large] == [401, 429]
        signed = [await control.deliver(payload(number), x_forwarded_for="192.0.2.1") for number in range(4)]
        assert 429 not in [reply.status for reply in signed]
        assert (await control.deliver(payload(), x_forwarded_for="192.0.2.2")).status == 429


async def test_a_task_of_brackets_is_refused_by_its_bound_unparsed(control: Control) -> None:
    """The refusal names how many values a task may have."""
    reply = await post(control.http, DENSE)
    assert (reply.status, reply.headers["x-agent-control-error"]) == (400, "json")
    assert "more than 100000 values" in reply.json()["message"]


async def test_an_event_of_many_values_is_taken(control: Control) -> None:
    """A webhook's event may have more values than a task: a push names thousands of files."""
    many = payload(files=[f"file-{number}" for number in range(200_000)])
    assert len(json.dumps(many)) > 1_000_000
    assert (await control.deliver(many)).status == 202
    refused = await control.deliver(payload(files=[[]] * 600_000))
    assert (refused.status, refused.headers["x-agent-control-error"]) == (400, "json")
    assert "more than 500000 values" in refused.json()["message"]
