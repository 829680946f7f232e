"""Finds the change of an alert whose reply was lost, and reads an alert for those who approve a change."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe

from github_api.confirm import security as confirm

MASKED = "(hidden)"
FACTS = ("state", "dismissed_reason", "dismissed_comment", "resolution", "resolution_comment")


def without_secrets(document: Json) -> Json:
    """Return a document of alerts with each secret masked, wherever its value stands."""
    values = _secrets(document)
    return _masked(document, sorted(values, key=len, reverse=True))


async def alert_settled(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the alert if it is as the change asked; None if it is not."""
    alert = await fetch(call.route.template.build(call.path))
    fits = isinstance(alert, dict) and confirm.settled(call.body, alert) is None
    return without_secrets(alert) if fits else None


async def alert_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return what an alert is about and its state; of a found secret the type alone."""
    alert = without_secrets(await fetch(call.route.template.build(call.path)))
    if not isinstance(alert, dict):
        return None
    rule, advisory = alert.get("rule"), alert.get("security_advisory")
    about = alert.get("secret_type_display_name")
    if isinstance(rule, dict):
        about = rule.get("description")
    elif isinstance(advisory, dict):
        about = advisory.get("summary")
    return {"about": about, **{name: alert[name] for name in FACTS if name in alert}}


def _secrets(document: Json) -> set[str]:
    """Return the values of all secrets in a document."""
    if isinstance(document, list):
        return {value for item in document for value in _secrets(item)}
    if not isinstance(document, dict):
        return set()
    secret = document.get("secret")
    inner = {value for item in document.values() for value in _secrets(item)}
    return inner | ({secret} if isinstance(secret, str) and secret.strip("*") else set())


def _masked(document: Json, secrets: list[str]) -> Json:
    if isinstance(document, dict):
        return {
            name: MASKED if name == "secret" and value is not None else _masked(value, secrets)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [_masked(item, secrets) for item in document]
    if isinstance(document, str):
        for secret in secrets:
            document = document.replace(secret, MASKED)
    return document


ALERT_SETTLED = Probe(alert_settled)
