"""Webhooks."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from fixtures.serving import serving
from stand_ins.github.app import StandInApp
from stand_ins.github.webhook import sign
from stand_ins.kit.webhooks import Hook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

SECRET = "It's a Secret to Everybody"

HELLO = "/repos/octocat/hello-world"
OPENED = {"repository": "octocat/hello-world", "title": "Crash", "body": "It crashes. ünïcödé", "user": "mona"}


@dataclass
class Receiver:
    """What a webhook's receiver got, and what it answers."""

    url: str = ""
    status: int = 202
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server that keeps what is posted to it."""
    kept = Receiver()

    async def take(request: Request) -> Response:
        kept.got.append((dict(request.headers), await request.body()))
        return PlainTextResponse("taken", status_code=kept.status)

    async with serving(Starlette(routes=[Route("/hook", take, methods=["POST"])])) as url:
        kept.url = f"{url}/hook"
        yield kept


def test_signature_is_githubs_documented_vector() -> None:
    """The example in GitHub's documentation on validating deliveries comes out."""
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign("It's a Secret to Everybody", b"Hello, World!") == expected


async def test_opened_issue_is_delivered_signed(
    client: httpx.AsyncClient, github: StandInApp, receiver: Receiver
) -> None:
    """Somebody opens an issue: the hook gets GitHub's headers and payload, signed over the raw body."""
    github.stand_in.deliveries.hook = Hook(receiver.url, SECRET)
    made = (await client.post("/_stand-in/issues", json=OPENED | {"author_association": "NONE"})).json()
    [logged] = (await client.get("/_stand-in/deliveries?settled=true")).json()
    [(headers, body)] = receiver.got
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={signed}"
    assert (headers["x-github-event"], headers["content-type"]) == ("issues", "application/json")
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["x-github-delivery"] == logged["guid"]
    payload = json.loads(body)
    assert (payload["action"], payload["issue"]) == ("opened", made)
    assert payload["sender"]["login"] == "mona"
    assert payload["repository"]["full_name"] == "octocat/hello-world"
    assert payload["issue"]["author_association"] == "NONE"
    assert (logged["event"], logged["issue"], logged["status"], logged["reply"]) == (
        "issues",
        made["number"],
        202,
        "taken",
    )


async def test_the_accounts_own_writes_are_told_too(
    client: httpx.AsyncClient, github: StandInApp, receiver: Receiver
) -> None:
    """What the token's account does is announced with it as the sender: one event for each label, as at GitHub."""
    github.stand_in.deliveries.hook = Hook(receiver.url, SECRET)
    await client.patch(f"{HELLO}/issues/1", json={"title": "New", "labels": ["bug", "question"], "state": "closed"})
    await client.post(f"{HELLO}/issues/1/comments", json={"body": "Done"})
    await github.stand_in.deliveries.settled()
    payloads = [(headers["x-github-event"], json.loads(body)) for headers, body in receiver.got]
    assert [(event, one["action"]) for event, one in payloads] == [
        ("issues", "edited"),
        ("issues", "closed"),
        ("issues", "labeled"),
        ("issues", "labeled"),
        ("issue_comment", "created"),
    ]
    assert {one["sender"]["login"] for _, one in payloads} == {"agent-bot"}
    assert payloads[0][1]["changes"]["title"]["from"].startswith("Crash at start")
    assert [payloads[at][1]["label"]["name"] for at in (2, 3)] == ["bug", "question"]


async def test_a_failed_delivery_is_not_retried_but_can_be_sent_again(
    client: httpx.AsyncClient, github: StandInApp, receiver: Receiver
) -> None:
    """A receiver's error ends a delivery; a redelivery has the same GUID and body."""
    github.stand_in.deliveries.hook = Hook(receiver.url, SECRET)
    receiver.status = 503
    await client.post("/_stand-in/issues", json=OPENED)
    [first] = (await client.get("/_stand-in/deliveries?settled=true")).json()
    assert (first["status"], first["outcome"], len(receiver.got)) == (503, "Invalid HTTP Response", 1)
    receiver.status = 202
    assert (await client.post(f"/_stand-in/deliveries/{first['id']}/redeliver")).status_code == 202
    again = (await client.get("/_stand-in/deliveries?settled=true")).json()[1]
    assert (again["guid"], again["redelivery"], again["status"]) == (first["guid"], True, 202)
    (old, old_body), (new, new_body) = receiver.got
    assert (old["x-github-delivery"], old_body) == (new["x-github-delivery"], new_body)


async def test_nobody_at_the_address_is_noted(client: httpx.AsyncClient, github: StandInApp) -> None:
    """A receiver that cannot be reached leaves status 0 in the log, and the stand-in goes on."""
    github.stand_in.deliveries.hook = Hook("http://127.0.0.1:9/hook", SECRET)
    assert (await client.post("/_stand-in/issues", json=OPENED)).status_code == 201
    [logged] = (await client.get("/_stand-in/deliveries?settled=true")).json()
    assert (logged["status"], logged["outcome"]) == (0, "failed to connect")


async def test_without_a_secret_nothing_is_signed(
    client: httpx.AsyncClient, github: StandInApp, receiver: Receiver
) -> None:
    """A hook without a secret sends no signature, so that a receiver can be shown to refuse it."""
    await client.put("/_stand-in/hook", json={"url": receiver.url, "ping": "octocat/hello-world"})
    await github.stand_in.deliveries.settled()
    [(headers, _)] = receiver.got
    assert headers["x-github-event"] == "ping"
    assert "x-hub-signature-256" not in headers
