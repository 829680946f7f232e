"""Operations on an issue's sub-issues, at most 100 of them, and on its parent."""

from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.records import Issue
from stand_ins.github.refusal import invalid_request, must_have_admin_rights, not_found, validation_failed
from stand_ins.github.shapes.issue import issue_json

MOST = 100


async def list_sub_issues(ask: Ask) -> Response:
    """List an issue's sub-issues, in their order."""
    seen = [one for one in ask.issue().sub_issues if _is_readable(ask, one)]
    return ask.page(seen, lambda one: _shape(ask, one))


async def get_parent(ask: Ask) -> Response:
    """Describe the issue of which this one is a sub-issue; 404 where there is none."""
    parent = ask.issue().parent
    if parent is None or not _is_readable(ask, parent):
        raise not_found(ask.docs)
    return JSONResponse(_shape(ask, parent))


async def add_sub_issue(ask: Ask) -> Response:
    """Make an issue of the same owner a sub-issue; 422 where it is one already, unless `replace_parent` says so."""
    parent = _writable(ask)
    asked = await ask.fields("Issue")
    sub = _by_id(ask, _number(ask, asked.raw("sub_issue_id"), "sub_issue_id"))
    if ask.world.repository_of(sub).owner is not ask.repository.owner:
        raise _refused(ask, "Sub issue must belong to the same owner as the parent issue")
    if sub is parent or parent in _below(sub):
        raise _refused(ask, "Sub issue may not create a circular dependency")
    if sub in parent.sub_issues:
        raise _refused(ask, "Issue may not contain duplicate sub-issues")
    if len(parent.sub_issues) >= MOST:
        raise _refused(ask, "Parent cannot have more than 100 sub-issues")
    if sub.parent is not None:
        if asked.raw("replace_parent") is not True:
            raise _refused(ask, "Sub issue may only have one parent")
        sub.parent.sub_issues.remove(sub)
    parent.sub_issues.append(sub)
    sub.parent = parent
    shape = _shape(ask, parent)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


async def remove_sub_issue(ask: Ask) -> Response:
    """Take a sub-issue from its parent."""
    parent = _writable(ask)
    asked = await ask.fields("Issue")
    sub = _child(ask, parent, asked.raw("sub_issue_id"), "sub_issue_id")
    parent.sub_issues.remove(sub)
    sub.parent = None
    return JSONResponse(_shape(ask, parent))


async def move_sub_issue(ask: Ask) -> Response:
    """Put a sub-issue before or after another."""
    parent = _writable(ask)
    asked = await ask.fields("Issue")
    sub = _child(ask, parent, asked.raw("sub_issue_id"), "sub_issue_id")
    named = [name for name in ("after_id", "before_id") if name in asked]
    if len(named) != 1:
        raise invalid_request(ask.docs, "Exactly one of after_id and before_id is needed.")
    other = _child(ask, parent, asked.raw(named[0]), named[0])
    parent.sub_issues.remove(sub)
    parent.sub_issues.insert(parent.sub_issues.index(other) + (named[0] == "after_id"), sub)
    return JSONResponse(_shape(ask, parent))


def _writable(ask: Ask) -> Issue:
    issue = ask.issue()
    if ask.role < Role.triage:
        raise must_have_admin_rights(ask.docs)
    return issue


def _by_id(ask: Ask, wanted: int) -> Issue:
    for repository in ask.world.repositories.values():
        for issue in repository.issues.values():
            if issue.id == wanted and not issue.deleted and issue.pull is None and _is_readable(ask, issue):
                return issue
    raise not_found(ask.docs)


def _child(ask: Ask, parent: Issue, value: Any, name: str) -> Issue:
    wanted = _number(ask, value, name)
    found = next((one for one in parent.sub_issues if one.id == wanted), None)
    if found is None:
        raise not_found(ask.docs)
    return found


def _below(issue: Issue) -> list[Issue]:
    return [one for sub in issue.sub_issues for one in (sub, *_below(sub))]


def _number(ask: Ask, value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_request(ask.docs, f"For 'properties/{name}', {value} is not an integer.")
    return value


def _is_readable(ask: Ask, issue: Issue) -> bool:
    return ask.world.role(ask.world.repository_of(issue), ask.user) >= Role.read


def _refused(ask: Ask, message: str) -> Exception:
    return validation_failed(
        ask.docs, {"resource": "Issue", "field": "sub_issue_id", "code": "custom", "message": message}
    )


def _shape(ask: Ask, issue: Issue) -> dict[str, Any]:
    return issue_json(issue, ask.world.repository_of(issue), ask.world, ask.base)


SUB_ISSUES = "issues/sub-issues"
ISSUE = "/issues/{issue_number:int}"
OPERATIONS = (
    Operation("GET", f"{ISSUE}/sub_issues", list_sub_issues, f"{SUB_ISSUES}#list-sub-issues", "issues"),
    Operation("GET", f"{ISSUE}/parent", get_parent, f"{SUB_ISSUES}#get-parent-issue", "issues"),
    Operation("POST", f"{ISSUE}/sub_issues", add_sub_issue, f"{SUB_ISSUES}#add-sub-issue", "issues"),
    Operation("DELETE", f"{ISSUE}/sub_issue", remove_sub_issue, f"{SUB_ISSUES}#remove-sub-issue", "issues"),
    Operation(
        "PATCH", f"{ISSUE}/sub_issues/priority", move_sub_issue, f"{SUB_ISSUES}#reprioritize-sub-issue", "issues"
    ),
)
