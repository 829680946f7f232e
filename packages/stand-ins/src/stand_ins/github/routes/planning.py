"""Operations on milestones and types of issues, and on who is assigned."""

from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role, User
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.refusal import not_found, validation_failed
from stand_ins.github.routes.issues import assign
from stand_ins.github.shapes.issue import issue_json
from stand_ins.github.shapes.planning import milestone_json, type_json


async def list_milestones(ask: Ask) -> Response:
    """List milestones; open ones, those that are due first, unless asked otherwise."""
    asked = dict(ask.query)
    state = asked.get("state", "open")
    if state not in {"open", "closed", "all"}:
        raise validation_failed(ask.docs, {"resource": "Milestone", "field": "state", "code": "invalid"})
    rows = [one for one in ask.repository.milestones.values() if state in {"all", one.state}]
    rows.sort(key=lambda one: (one.due_on is None, one.due_on or one.created_at, one.number))
    if asked.get("direction") == "desc":
        rows.reverse()
    return ask.page(rows, lambda one: milestone_json(one, ask.repository, ask.base))


async def get_milestone(ask: Ask) -> Response:
    """Describe a milestone."""
    found = ask.repository.milestones.get(ask.request.path_params["milestone_number"])
    if found is None:
        raise not_found(ask.docs)
    return JSONResponse(milestone_json(found, ask.repository, ask.base))


async def list_issue_types(ask: Ask) -> Response:
    """List the types that issues of the repository can have; 404 where its owner is no organization."""
    if not ask.repository.owner.is_organization:
        raise not_found(ask.docs)
    return JSONResponse([type_json(one) for one in ask.repository.issue_types])


async def add_assignees(ask: Ask) -> Response:
    """Assign people besides those who are; without push access they are ignored, as people without access are."""
    people = await _people(ask)
    return _assigned(ask, lambda now: [*now, *(one for one in people if one not in now)], 201)


async def remove_assignees(ask: Ask) -> Response:
    """Take people from those who are assigned; without push access nothing happens."""
    people = await _people(ask)
    return _assigned(ask, lambda now: [one for one in now if one not in people], 200)


async def _people(ask: Ask) -> list[User]:
    asked = await ask.fields("Issue")
    known = {ask.repository.owner.login.lower(), *ask.repository.roles}
    return [ask.world.user(one) for one in asked.names("assignees", "login") or [] if one.lower() in known]


def _assigned(ask: Ask, change: Callable[[list[User]], list[User]], status: int) -> Response:
    issue = ask.issue()
    if ask.role >= Role.triage:
        assign(ask, issue, change(issue.assignees))
    return JSONResponse(issue_json(issue, ask.repository, ask.world, ask.base), status_code=status)


MILESTONES = "issues/milestones"
ASSIGNEES = "issues/assignees"
PEOPLE = "/issues/{issue_number:int}/assignees"
OPERATIONS = (
    Operation("GET", "/milestones", list_milestones, f"{MILESTONES}#list-milestones", "issues"),
    Operation("GET", "/milestones/{milestone_number:int}", get_milestone, f"{MILESTONES}#get-a-milestone", "issues"),
    Operation("GET", "/issue-types", list_issue_types, "repos/repos#list-issue-types-for-a-repository", "issues"),
    Operation("POST", PEOPLE, add_assignees, f"{ASSIGNEES}#add-assignees-to-an-issue", "issues"),
    Operation("DELETE", PEOPLE, remove_assignees, f"{ASSIGNEES}#remove-assignees-from-an-issue", "issues"),
)
