"""A made-up source of alerts: a shared secret in a header, no id, and the same alert is a new event after an hour."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from conformance.sources.record import Headers, Sample
from control_api.body import parse_json
from control_api.errors import Refusal
from control_api.sources.protocol import SourceEvent, WebhookRequest, WebhookSource
from fixtures.resource_kinds import SERVICES


class Siren(WebhookSource):
    """Alertmanager's rules: nothing is signed, so the bearer of the secret is believed; an alert that fires repeats."""

    name = "siren"
    vendor = "siren"
    title = "Siren"
    events = ("firing", "resolved")
    repeat_seconds = 3600.0

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        """Check the secret."""
        given = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if not any(hmac.compare_digest(given, f"Bearer {secret}".encode()) for secret in secrets):
            raise Refusal("signature", "the bearer's secret is not known")

    def read(self, request: WebhookRequest) -> SourceEvent:
        """Read a notification."""
        payload = parse_json(request.body, request.headers, "Send it as Siren made it.")
        if not isinstance(payload, dict):
            raise Refusal("json", "the body is not a JSON object", remedy="Send it as Siren made it.")
        return self.event(str(payload.get("status")), payload)

    def event(self, name: str, payload: dict[str, Any]) -> SourceEvent:
        """Make the event of a notification, which is known by its group and status."""
        group = payload.get("group")
        if not isinstance(group, dict) or payload.get("status") != name:
            raise Refusal("event", "the body is not of that event", remedy="Name the status of the payload.")
        identity = hashlib.sha256(json.dumps([group, name], sort_keys=True).encode()).digest()
        accounts = (str(group["by"]),) if "by" in group else ()
        return SourceEvent(name, payload, identity, accounts, {SERVICES: [str(group.get("service"))]})


def signed(body: bytes, secret: str, now: float, number: int) -> Headers:
    """Give the headers of a sending."""
    return {"content-type": "application/json", "authorization": f"Bearer {secret}", "x-siren-number": str(number)}


SIREN = Sample(
    source=Siren(),
    event="firing",
    payload={"status": "firing", "group": {"service": "shop", "by": "rule-1"}, "seen": 1},
    sent=lambda payload: json.dumps(payload).encode(),
    signed=signed,
    resources={"services": ["shop"]},
    account=("group", "by", "rule-1"),
    rejected=422,
    second_hook={"seen": 2},
)
"""The source with one alert."""
