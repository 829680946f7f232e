"""Operations on security advisories: those of GitHub's database, and those of a repository."""

from operator import attrgetter

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.refusal import not_found, validation_failed
from stand_ins.github.routes.security import page_by_cursor
from stand_ins.github.security_records import Advisory
from stand_ins.github.shapes.security import global_advisory_json, repository_advisory_json

FILTERS = ("ghsa_id", "cve_id", "ecosystem", "severity")
SEVERITIES = frozenset({"unknown", "low", "medium", "high", "critical"})


async def list_global(ask: Ask) -> Response:
    """List advisories of the database, the last published first."""
    asked = dict(ask.query)
    if asked.get("severity", "low") not in SEVERITIES:
        raise validation_failed(ask.docs, {"resource": "Advisory", "field": "severity", "code": "invalid"})
    packages = [name.partition("@")[0] for name in asked["affects"].split(",")] if "affects" in asked else None
    rows = [
        one
        for one in sorted(ask.world.advisories, key=attrgetter("at"), reverse=True)
        if all(asked.get(name) in (None, getattr(one, name)) for name in FILTERS)
        and (packages is None or one.package in packages)
    ]
    return page_by_cursor(ask, rows, lambda one: global_advisory_json(one, ask.base))


async def get_global(ask: Ask) -> Response:
    """Describe an advisory of the database."""
    return JSONResponse(global_advisory_json(_named(ask, ask.world.advisories), ask.base))


async def list_own(ask: Ask) -> Response:
    """List a repository's advisories; those that are not published only for those who may push."""
    state = dict(ask.query).get("state")
    rows = [one for one in _seen(ask) if state in (None, one.state)]
    return page_by_cursor(ask, rows, lambda one: repository_advisory_json(one, ask.repository, ask.base))


async def get_own(ask: Ask) -> Response:
    """Describe a repository's advisory."""
    return JSONResponse(repository_advisory_json(_named(ask, _seen(ask)), ask.repository, ask.base))


def _seen(ask: Ask) -> list[Advisory]:
    own = ask.repository.security.advisories
    return [one for one in own if one.state == "published" or ask.role >= Role.write]


def _named(ask: Ask, advisories: list[Advisory]) -> Advisory:
    wanted = ask.request.path_params["ghsa_id"].lower()
    found = next((one for one in advisories if one.ghsa_id.lower() == wanted), None)
    if found is None:
        raise not_found(ask.docs)
    return found


DATABASE = "security-advisories/global-advisories"
OWN = "security-advisories/repository-advisories"
OPERATIONS = (
    Operation("GET", "/advisories", list_global, DATABASE, of_repository=False),
    Operation("GET", "/advisories/{ghsa_id}", get_global, DATABASE, of_repository=False),
    Operation("GET", "/security-advisories", list_own, OWN, "repository_advisories"),
    Operation("GET", "/security-advisories/{ghsa_id}", get_own, OWN, "repository_advisories"),
)
