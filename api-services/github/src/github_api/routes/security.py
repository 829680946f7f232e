"""Alerts of code scanning, Dependabot and secret scanning, and advisories. The value of a found secret never passes."""

import json
from dataclasses import replace
from typing import Literal

from api_kit import Answered, Body, Call, Route, SideExchange, document_of

from github_api.confirm import security as confirm
from github_api.probes import security as probes
from github_api.routes.in_repository import JSON, PAGE, REPO, TARGET_REPO, TEXTS, read, write
from github_api.upstream import repositories_within

TOOL = "update_security_alert"
CURSOR = frozenset({"per_page", "before", "after"})
ORDER = frozenset({"sort", "direction", "state"})
CODE = PAGE | CURSOR | ORDER | {"tool_name", "ref", "severity"}
DEPENDENCIES = CURSOR | ORDER | {"severity", "ecosystem", "package", "manifest", "scope", "relationship"}
SECRETS = PAGE | CURSOR | ORDER | {"secret_type", "resolution", "validity"}
ADVISORIES = CURSOR | {
    *("sort", "direction", "ghsa_id", "type", "cve_id", "ecosystem", "severity", "cwes", "affects", "is_withdrawn"),
    *("published", "updated"),
}
DISMISSAL = Body(
    frozenset({"state", "dismissed_reason", "dismissed_comment"}), texts={"dismissed_comment": TEXTS["body"]}
)
RESOLUTION = Body(frozenset({"state", "resolution", "resolution_comment"}), texts={"resolution_comment": TEXTS["body"]})
HIDDEN = {"hide_secret": "true"}


def routes() -> list[Route]:
    """Make the routes."""
    return [
        *_alerts("code-scanning", CODE, DISMISSAL),
        *_alerts("dependabot", DEPENDENCIES, DISMISSAL),
        *(_hiding(route) for route in _alerts("secret-scanning", SECRETS, RESOLUTION)),
        replace(
            read(_alert("secret-scanning") + "/locations", PAGE), reply_resources=repositories_within, send=hide_secrets
        ),
        read(REPO + "/security-advisories", CURSOR | ORDER),
        read(REPO + "/security-advisories/{advisory}"),
        Route("GET", "/advisories", query=ADVISORIES, accepts=JSON),
        Route("GET", "/advisories/{advisory}", accepts=JSON),
    ]


def _alerts(kind: str, query: frozenset[str], body: Body) -> list[Route]:
    """Make the routes of one kind: its list, one alert of it, and the change of its state."""
    path = _alert(kind)
    change = replace(
        write("PATCH", path, TOOL, body),
        target=f"{TARGET_REPO}/{kind}/alerts/{{alert}}",
        access_of=_access,
        idempotent=True,
        verify_reply=confirm.settled,
        probe=probes.ALERT_SETTLED,
        read_before=probes.alert_before,
    )
    return [read(path.rpartition("/")[0], query), read(path), change]


def _alert(kind: str) -> str:
    return f"{REPO}/{kind}/alerts/{{alert:number}}"


def _access(call: Call) -> Literal["write", "danger"]:
    """Say what a change does: to open an alert again hides nothing, to close it does."""
    return "write" if isinstance(call.body, dict) and call.body.get("state") == "open" else "danger"


def _hiding(route: Route) -> Route:
    """Return the route without the values of secrets in its replies, none of which is kept.

    A client may ask a read to hide them itself, which the gateway asks for in any case.
    """
    query = route.query | HIDDEN.keys() if route.method == "GET" else route.query
    return replace(route, query=query, send=hide_secrets, cache=False)


async def hide_secrets(call: Call, exchange: SideExchange) -> Answered:
    """Send a request, ask GitHub to hide the values of secrets, and mask what an older server shows all the same."""
    reads = call.route.method == "GET" and not call.route.path.endswith("/locations")
    answered = await exchange.ask(replace(call, query={**call.query, **HIDDEN}) if reads else call)
    document = document_of(answered.reply) if answered.reply.ok else None
    if document is None:
        return answered
    masked = json.dumps(probes.without_secrets(document), ensure_ascii=False).encode()
    return replace(answered, reply=replace(answered.reply, body=masked))
