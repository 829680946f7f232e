"""Webhooks."""

import hashlib
import hmac
import json

import httpx
from core.stand_ins.receiver import Receiver
from stand_ins.github.app import StandInApp
from stand_ins.github.webhook import sign
from stand_ins.kit.webhooks import Hook

SECRET = "It's a Secret to Everybody"

HELLO = "/repos/octocat/hello-world"
OPENED = {"repository": "octocat/hello-world", "title": "Crash", "body": "It crashes. ünïcödé", "user": "mona"}


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


async def test_a_new_hook_is_greeted(client: httpx.AsyncClient, github: StandInApp, receiver: Receiver) -> None:
    """A hook that is set with `ping` gets GitHub's greeting; without a secret it is not signed."""
    await client.put("/_stand-in/hook", json={"url": receiver.url, "ping": "octocat/hello-world"})
    await github.stand_in.deliveries.settled()
    [(headers, _)] = receiver.got
    assert headers["x-github-event"] == "ping"
    assert "x-hub-signature-256" not in headers
