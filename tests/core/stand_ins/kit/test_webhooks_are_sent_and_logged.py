"""Webhooks, signed by the vendor's own rule."""

import hashlib
import hmac
import json

import httpx
from core.stand_ins.receiver import Receiver

SECRET = "It's a Secret to Everybody"
NEW = {"channel": "C0001", "text": "New. ünïcödé"}


async def _hook(chatter: httpx.AsyncClient, url: str, secret: str | None = SECRET) -> None:
    assert (await chatter.put("/_stand-in/hook", json={"url": url, "secret": secret})).status_code == 204


async def test_an_event_is_signed_over_its_time_and_body(chatter: httpx.AsyncClient, receiver: Receiver) -> None:
    """The hook gets the event with the vendor's signature, and the log says what the receiver answered."""
    await _hook(chatter, receiver.url)
    made = (await chatter.post("/api/messages.post", data=NEW)).json()["message"]
    [logged] = (await chatter.get("/_stand-in/deliveries?settled=true")).json()
    [(headers, body)] = receiver.got
    signed = b":".join([b"v0", headers["x-chatter-request-timestamp"].encode(), body])
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["x-chatter-signature"] == f"v0={expected}"
    assert json.loads(body)["event"] == {"type": "message"} | made
    assert (logged["event"], logged["status"], logged["reply"]) == ("message", 202, "taken")


async def test_a_failed_delivery_is_not_retried_but_can_be_sent_again(
    chatter: httpx.AsyncClient, receiver: Receiver
) -> None:
    """A receiver's error ends a delivery; a redelivery has the same identity and body."""
    await _hook(chatter, receiver.url)
    receiver.status = 503
    await chatter.post("/api/messages.post", data=NEW)
    [first] = (await chatter.get("/_stand-in/deliveries?settled=true")).json()
    assert (first["status"], first["outcome"], len(receiver.got)) == (503, "Invalid HTTP Response", 1)
    receiver.status = 202
    assert (await chatter.post(f"/_stand-in/deliveries/{first['id']}/redeliver")).status_code == 202
    again = (await chatter.get("/_stand-in/deliveries?settled=true")).json()[1]
    assert (again["guid"], again["redelivery"], again["status"]) == (first["guid"], True, 202)
    assert receiver.got[0][1] == receiver.got[1][1]
    assert (await chatter.post("/_stand-in/deliveries/99/redeliver")).status_code == 422


async def test_nobody_at_the_address_is_noted(chatter: httpx.AsyncClient) -> None:
    """A receiver that cannot be reached leaves status 0 in the log, and the stand-in goes on."""
    await _hook(chatter, "http://127.0.0.1:9/hook")
    assert (await chatter.post("/api/messages.post", data=NEW)).json()["ok"] is True
    [logged] = (await chatter.get("/_stand-in/deliveries?settled=true")).json()
    assert (logged["status"], logged["outcome"]) == (0, "failed to connect")


async def test_without_a_secret_nothing_is_signed(chatter: httpx.AsyncClient, receiver: Receiver) -> None:
    """A hook without a secret sends no signature, so that a receiver can be shown to refuse it."""
    await _hook(chatter, receiver.url, None)
    await chatter.post("/api/messages.post", data=NEW)
    await chatter.get("/_stand-in/deliveries?settled=true")
    [(headers, _)] = receiver.got
    assert "x-chatter-signature" not in headers
