"""A made-up source in Slack's shape: a signed time, a challenge, JSON or a form, and 200 for what is refused."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode

from agent_effects import Change, marked, marker
from conformance.sources.record import Headers, Sample
from control_api.body import parse_json
from control_api.errors import Refusal, answer
from control_api.sources.protocol import SourceEvent, WebhookRequest, WebhookSource
from fixtures.resource_kinds import CHANNELS
from starlette.responses import PlainTextResponse, Response

WINDOW_SECONDS = 300.0
JSON = {"content-type": "application/json"}
"""What the payload in a form is."""


class Chatter(WebhookSource):
    """Slack's rules: what is signed is `v0:{time}:{body}`; an event has its own id in the signed body."""

    name = "chatter"
    vendor = "chatter"
    title = "Chatter"
    events = ("message", "reaction")

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        """Check the signature over time and body, and that the time is not over."""
        moment = request.headers.get("x-chatter-time", "")
        if not (moment.isascii() and moment.isdigit()) or abs(request.now - int(moment)) > WINDOW_SECONDS:
            raise Refusal("signature", "X-Chatter-Time is too old", remedy="Send it within 5 minutes.")
        given = request.headers.get("x-chatter-signature", "").encode("utf-8", "surrogateescape")
        if not any(hmac.compare_digest(given, mac(request.body, secret, moment).encode()) for secret in secrets):
            raise Refusal("signature", "X-Chatter-Signature does not fit")

    def challenge(self, request: WebhookRequest) -> Response | None:
        """Echo the challenge."""
        body = self._body(request)
        if body.get("type") != "url_verification":
            return None
        return PlainTextResponse(str(body.get("challenge")))

    def read(self, request: WebhookRequest) -> SourceEvent:
        """Read the envelope."""
        body = self._body(request)
        if not isinstance(body.get("event"), dict):
            raise Refusal("event", "the body has no event", remedy="Send it as Chatter made it.")
        return self.event(str(body["event"].get("type")), body)

    def event(self, name: str, payload: dict[str, Any]) -> SourceEvent:
        """Make the event of an envelope."""
        event, event_id = payload.get("event"), payload.get("event_id")
        if not isinstance(event, dict) or not isinstance(event_id, str) or event.get("type") != name:
            raise Refusal("event", "the body is not of that event", remedy="Name the event of the payload.")
        accounts = tuple(str(event[key]) for key in ("user", "bot_id") if key in event)
        channels = {CHANNELS: [str(event["channel"])]} if "channel" in event else {}
        identity, marks = hashlib.sha256(event_id.encode()).digest(), marked(event.get("metadata"))
        change = Change(made=True, target=str(event.get("channel")), marks=marks)
        return SourceEvent(name, payload, identity, accounts, channels, change=change)

    def refused(self, refusal: Refusal) -> Response | None:
        """Say 200, as an error would be sent again."""
        return answer({"refused": refusal.reason})

    def _body(self, request: WebhookRequest) -> dict[str, Any]:
        body, headers = request.body, request.headers
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            body, headers = parse_qs(body.decode("latin-1")).get("payload", [""])[0].encode(), JSON
        found = parse_json(body, headers, "Send it as Chatter made it.")
        if not isinstance(found, dict):
            raise Refusal("json", "the body is not a JSON object", remedy="Send it as Chatter made it.")
        return found


def mac(body: bytes, secret: str, moment: str) -> str:
    """Sign a body."""
    text = b"v0:" + moment.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def signed(body: bytes, secret: str, now: float, number: int) -> Headers:
    """Give the headers of a sending."""
    moment = str(int(now))
    form = body.startswith(b"payload=")
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    retry = {"x-chatter-retry": str(number)}
    return {"content-type": kind, "x-chatter-time": moment, "x-chatter-signature": mac(body, secret, moment), **retry}


def form(payload: dict[str, Any]) -> bytes:
    """Send a payload as a form."""
    return urlencode({"payload": json.dumps(payload)}).encode()


CHATTER = Sample(
    source=Chatter(),
    event="message",
    payload={"type": "event_callback", "event_id": "E1", "event": {"type": "message", "user": "U1", "channel": "C1"}},
    sent=lambda payload: json.dumps(payload).encode(),
    signed=signed,
    resources={"channels": ["C1"]},
    account=("event", "user", "U1"),
    rejected=200,
    marked=lambda payload, effect: {**payload, "event": {**payload["event"], "metadata": marker(effect)}},
)
"""The source with one event."""
