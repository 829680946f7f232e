"""Operations on deployments: list them, and the statuses of one."""

from operator import attrgetter

from starlette.responses import Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.refusal import not_found
from stand_ins.github.shapes.release import deployment_json, status_json

FILTERS = ("sha", "ref", "environment")


async def list_deployments(ask: Ask) -> Response:
    """List deployments, the newest first."""
    wanted = {name: value for name, value in ask.query if name in FILTERS and value != "none"}
    rows = [
        one
        for one in sorted(ask.repository.deployments, key=attrgetter("at", "id"), reverse=True)
        if all(getattr(one, name) == value for name, value in wanted.items())
    ]
    return ask.page(rows, lambda one: deployment_json(one, ask.repository, ask.base))


async def list_statuses(ask: Ask) -> Response:
    """List the statuses of a deployment, the latest first."""
    wanted = ask.request.path_params["deployment_id"]
    found = next((one for one in ask.repository.deployments if one.id == wanted), None)
    if found is None:
        raise not_found(ask.docs)
    return ask.page(found.statuses[::-1], lambda one: status_json(one, found, ask.repository, ask.base))


OPERATIONS = (
    Operation("GET", "/deployments", list_deployments, "deployments/deployments#list-deployments", "deployments"),
    Operation(
        "GET",
        "/deployments/{deployment_id:int}/statuses",
        list_statuses,
        "deployments/statuses#list-deployment-statuses",
        "deployments",
    ),
)
