"""Operations on code scanning, Dependabot and secret scanning alerts. GitHub asks more than push access for secrets."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.fields import Fields
from stand_ins.github.paging import DEFAULT_PER_PAGE, MAX_PER_PAGE
from stand_ins.github.refusal import Refusal, not_found, unprocessable
from stand_ins.github.security_records import A, Alert, Feature
from stand_ins.github.shapes.security import code_alert_json, dependency_alert_json, location_json, secret_alert_json
from stand_ins.kit import paging

NO_ADVANCED = "Code Security must be enabled for this repository to use code scanning."
NO_ANALYSIS = "no analysis found"
NO_DEPENDABOT = "Dependabot alerts are disabled for this repository."
NO_SECRETS = "Secret scanning is disabled on this repository."
NOT_AUTHORIZED = "You are not authorized to perform this operation."
MOST_COMMENT = 280
CODE_REASONS = frozenset({"false positive", "won't fix", "used in tests", "mitigated"})
DEPENDENCY_REASONS = frozenset({"fix_started", "inaccurate", "no_bandwidth", "not_used", "tolerable_risk"})
RESOLUTIONS = frozenset({"false_positive", "wont_fix", "revoked", "used_in_tests"})


async def list_code(ask: Ask) -> Response:
    """List code scanning alerts, the newest first; 404 before the first analysis."""
    asked, feature = dict(ask.query), ask.repository.security.code
    _demand(ask, feature, Refusal(403, NO_ADVANCED, docs=ask.docs))
    if not feature.alerts:
        raise Refusal(404, NO_ANALYSIS, docs=ask.docs)
    wanted = asked.get("tool_name"), asked.get("ref"), asked.get("severity")
    rows = [
        one
        for one in _newest(feature, asked.get("state"))
        if wanted[0] in (None, one.tool)
        and wanted[1] in (None, one.ref, one.ref.removeprefix("refs/heads/"))
        and wanted[2] in (None, one.severity)
    ]
    return ask.page(rows, lambda one: code_alert_json(one, ask.repository, ask.base))


async def get_code(ask: Ask) -> Response:
    """Describe a code scanning alert."""
    alert = _found(ask, ask.repository.security.code, Refusal(403, NO_ADVANCED, docs=ask.docs))
    return JSONResponse(code_alert_json(alert, ask.repository, ask.base, whole=True))


async def update_code(ask: Ask) -> Response:
    """Dismiss a code scanning alert with a reason, or open it again."""
    alert = _found(ask, ask.repository.security.code, Refusal(403, NO_ADVANCED, docs=ask.docs))
    _settle(ask, alert, await ask.fields("Alert"), "dismissed", "dismissed_reason", CODE_REASONS)
    return JSONResponse(code_alert_json(alert, ask.repository, ask.base, whole=True))


async def list_dependencies(ask: Ask) -> Response:
    """List Dependabot alerts, the newest first, by a cursor."""
    asked, feature = dict(ask.query), ask.repository.security.dependencies
    _demand(ask, feature, Refusal(403, NO_DEPENDABOT, docs=ask.docs))
    states, severities, packages = (
        set(asked[name].split(",")) if name in asked else None for name in ("state", "severity", "package")
    )
    rows = [
        one
        for one in _newest(feature, None)
        if one.advisory
        and (states is None or one.state in states)
        and (severities is None or one.advisory.severity in severities)
        and (packages is None or one.advisory.package in packages)
    ]
    return page_by_cursor(ask, rows, lambda one: dependency_alert_json(one, ask.repository, ask.base))


async def get_dependency(ask: Ask) -> Response:
    """Describe a Dependabot alert."""
    alert = _found(ask, ask.repository.security.dependencies, Refusal(403, NO_DEPENDABOT, docs=ask.docs))
    return JSONResponse(dependency_alert_json(alert, ask.repository, ask.base))


async def update_dependency(ask: Ask) -> Response:
    """Dismiss a Dependabot alert with a reason, or open it again."""
    alert = _found(ask, ask.repository.security.dependencies, Refusal(403, NO_DEPENDABOT, docs=ask.docs))
    _settle(ask, alert, await ask.fields("Alert"), "dismissed", "dismissed_reason", DEPENDENCY_REASONS)
    return JSONResponse(dependency_alert_json(alert, ask.repository, ask.base))


async def list_secrets(ask: Ask) -> Response:
    """List secret scanning alerts, the newest first."""
    asked, feature = dict(ask.query), ask.repository.security.secrets
    _demand(ask, feature, Refusal(404, NO_SECRETS, docs=ask.docs))
    types = set(asked["secret_type"].split(",")) if "secret_type" in asked else None
    rows = [one for one in _newest(feature, asked.get("state")) if types is None or one.type in types]
    hidden = asked.get("hide_secret") == "true"
    return ask.page(rows, lambda one: secret_alert_json(one, ask.repository, ask.base, hidden=hidden))


async def get_secret(ask: Ask) -> Response:
    """Describe a secret scanning alert."""
    alert = _found(ask, ask.repository.security.secrets, Refusal(404, NO_SECRETS, docs=ask.docs))
    hidden = dict(ask.query).get("hide_secret") == "true"
    return JSONResponse(secret_alert_json(alert, ask.repository, ask.base, hidden=hidden))


async def list_locations(ask: Ask) -> Response:
    """List where a secret was found."""
    alert = _found(ask, ask.repository.security.secrets, Refusal(404, NO_SECRETS, docs=ask.docs))
    return ask.page(alert.locations, lambda one: location_json(one, ask.repository, ask.base))


async def update_secret(ask: Ask) -> Response:
    """Resolve a secret scanning alert with a resolution, or open it again. The reply shows the secret."""
    alert = _found(ask, ask.repository.security.secrets, Refusal(404, NO_SECRETS, docs=ask.docs))
    _settle(ask, alert, await ask.fields("Alert"), "resolved", "resolution", RESOLUTIONS)
    return JSONResponse(secret_alert_json(alert, ask.repository, ask.base, hidden=False))


def page_by_cursor(ask: Ask, rows: list[Any], shape: Callable[[Any], Any]) -> Response:
    """Answer with the page after the one that the cursor `after` ends."""
    asked = dict(ask.query)
    size = paging.number(asked.get("per_page"), DEFAULT_PER_PAGE, MAX_PER_PAGE)
    page = paging.cut(rows, paging.decode_cursor(asked.get("after", "")), size)
    headers = {}
    if page.next_cursor:
        url = ask.request.url.include_query_params(after=page.next_cursor)
        headers["Link"] = paging.link(str(url), rel="next")
    return JSONResponse([shape(one) for one in page.rows], headers=headers)


def _newest(feature: Feature[A], state: str | None) -> list[A]:
    rows = [one for one in feature.alerts.values() if state in (None, one.state)]
    return sorted(rows, key=attrgetter("at"), reverse=True)


def _demand(ask: Ask, feature: Feature[A], switched_off: Refusal) -> None:
    """Refuse who has no push access, and what is switched off."""
    if ask.role < Role.write:
        raise Refusal(403, NOT_AUTHORIZED, docs=ask.docs) if switched_off.status == 403 else not_found(ask.docs)
    if not feature.enabled:
        raise switched_off


def _found(ask: Ask, feature: Feature[A], switched_off: Refusal) -> A:
    _demand(ask, feature, switched_off)
    alert = feature.alerts.get(ask.request.path_params["alert_number"])
    if alert is None:
        raise not_found(ask.docs)
    return alert


def _settle(ask: Ask, alert: Alert, asked: Fields, closed: str, reason_field: str, reasons: frozenset[str]) -> None:
    state, reason = asked.raw("state"), asked.raw(reason_field)
    comment = asked.text(reason_field.removesuffix("_reason") + "_comment")
    if state not in ("open", closed):
        raise unprocessable(ask.docs, f"state: {state} is neither open nor {closed}")
    if state == closed and reason not in reasons:
        raise unprocessable(ask.docs, f"{reason_field} is required when state is {closed}")
    if len(comment or "") > MOST_COMMENT:
        raise unprocessable(ask.docs, f"the comment has more than {MOST_COMMENT} characters")
    if state == alert.state and (state == "open" or reason == alert.reason):
        raise Refusal(400, f"Alert is already {state}", docs=ask.docs)
    alert.state, alert.comment = state, comment if state == closed else None
    alert.reason = reason if state == closed else None
    alert.closed_by, alert.closed_at = (ask.me, ask.world.clock()) if state == closed else (None, None)


def _operations(path: str, docs: str, resource: str, *runs: Any) -> tuple[Operation, ...]:
    """Make the operations of one kind: its list, one alert of it, and a change of one."""
    listed, read, update = runs
    one = f"{path}/{{alert_number:int}}"
    return (
        Operation("GET", path, listed, docs, resource),
        Operation("GET", one, read, docs, resource),
        Operation("PATCH", one, update, docs, resource),
    )


OPERATIONS = (
    *_operations(
        "/code-scanning/alerts", "code-scanning/code-scanning", "security_events", list_code, get_code, update_code
    ),
    *_operations(
        "/dependabot/alerts",
        "dependabot/alerts",
        "vulnerability_alerts",
        list_dependencies,
        get_dependency,
        update_dependency,
    ),
    *_operations(
        "/secret-scanning/alerts",
        "secret-scanning/secret-scanning",
        "secret_scanning_alerts",
        list_secrets,
        get_secret,
        update_secret,
    ),
    Operation(
        "GET",
        "/secret-scanning/alerts/{alert_number:int}/locations",
        list_locations,
        "secret-scanning/secret-scanning",
        "secret_scanning_alerts",
    ),
)
