"""Operations on issues: list, get, create, update."""

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role, User
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.fields import Fields
from stand_ins.github.planning import IssueType, Milestone
from stand_ins.github.records import Issue
from stand_ins.github.refusal import gone, must_have_admin_rights, validation_failed
from stand_ins.github.routes import labels
from stand_ins.github.shapes.account import simple_user
from stand_ins.github.shapes.issue import issue_json

STATES = frozenset({"open", "closed"})
REASONS = frozenset({"completed", "not_planned", "duplicate", "reopened"})
SORTS: dict[str, Callable[[Issue], Any]] = {
    "created": attrgetter("created_at"),
    "updated": attrgetter("updated_at"),
    "comments": lambda one: len(one.comments),
}


async def list_issues(ask: Ask) -> Response:
    """List issues and pull requests; open ones, newest first, unless asked otherwise."""
    if not ask.repository.has_issues:
        raise gone("Issues has been disabled in this repository.", ask.docs)
    asked = dict(ask.query)
    state = _allowed(ask, "state", STATES | {"all"}, "open")
    sort = _allowed(ask, "sort", frozenset(SORTS), "created")
    direction = _allowed(ask, "direction", frozenset({"asc", "desc"}), "desc")
    wanted = [one.strip().lower() for one in asked.get("labels", "").split(",") if one.strip()]
    since = _moment(ask, asked["since"]) if "since" in asked else None
    rows = [
        one
        for one in ask.repository.issues.values()
        if not one.deleted
        and state in {"all", one.state}
        and {name.name.lower() for name in one.labels} >= set(wanted)
        and (since is None or one.updated_at >= since)
        and _person_fits(asked.get("assignee"), one.assignees)
        and _person_fits(asked.get("creator"), [one.user])
        and ("mentioned" not in asked or f"@{asked['mentioned']}".lower() in (one.body or "").lower())
        and _milestone_fits(asked.get("milestone"), one)
        and _type_fits(asked.get("type"), one)
    ]
    rows.sort(key=attrgetter("number"))
    rows.sort(key=SORTS[sort])
    if direction == "desc":
        rows.reverse()
    return ask.page(rows, lambda one: _shape(ask, one))


async def get_issue(ask: Ask) -> Response:
    """Describe an issue."""
    return JSONResponse(_shape(ask, ask.issue(), single=True))


async def create_issue(ask: Ask) -> Response:
    """Open an issue; labels and assignees of an account without push access are ignored."""
    if not ask.repository.has_issues:
        raise gone("Issues has been disabled in this repository.", ask.docs)
    asked = await ask.fields("Issue")
    title, body = asked.title(required=True), asked.body()
    names, people = asked.names("labels", "name") or [], _people(ask, asked) or []
    milestone, kind = _milestone(ask, asked), _type(ask, asked)
    issue = ask.world.add_issue(ask.repository, title=title or "", body=body, user=ask.me)
    if ask.role >= Role.write:
        issue.assignees, issue.milestone, issue.type = people, milestone, kind
        if not ask.drops_labels:
            issue.labels = labels.resolve(ask, names)
    ask.stand_in.announce_issue("opened", issue, ask.repository, ask.me, ask.base)
    ask.stand_in.announce_labels([], issue, ask.repository, ask.me, ask.base)
    shape = _shape(ask, issue, single=True)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


async def update_issue(ask: Ask) -> Response:
    """Change an issue; its author may, and whoever may triage."""
    issue = ask.issue()
    if ask.role < Role.triage and ask.me is not issue.user:
        raise must_have_admin_rights(ask.docs)
    asked = await ask.fields("Issue")
    title, body = asked.title(required=False), asked.body()
    state, reason = asked.choice("state", STATES), asked.choice("state_reason", REASONS)
    names, people = asked.names("labels", "name"), _people(ask, asked)
    milestone, kind = _milestone(ask, asked), _type(ask, asked)
    wanted = labels.resolve(ask, names) if names is not None and ask.role >= Role.triage else None

    _edit(ask, issue, title, body if "body" in asked else issue.body)
    _move(ask, issue, state, reason)
    if people is not None and ask.role >= Role.triage:
        assign(ask, issue, people)
    if wanted is not None:
        labels.apply(ask, issue, wanted)
    if "milestone" in asked and ask.role >= Role.triage:
        issue.milestone, issue.updated_at = milestone, ask.world.clock()
    if "type" in asked and ask.role >= Role.triage:
        issue.type, issue.updated_at = kind, ask.world.clock()
    return JSONResponse(_shape(ask, issue, single=True))


def _edit(ask: Ask, issue: Issue, title: str | None, body: str | None) -> None:
    changes: dict[str, Any] = {}
    if title is not None and title != issue.title:
        changes["title"] = {"from": issue.title}
        issue.title = title
    if body != issue.body:
        changes["body"] = {"from": issue.body or ""}
        issue.body = body
    if changes:
        _announce(ask, "edited", issue, changes=changes)


def _move(ask: Ask, issue: Issue, state: str | None, reason: str | None) -> None:
    if state == "closed" and (issue.state == "open" or (reason and reason != issue.state_reason)):
        was_open = issue.state == "open"
        issue.state, issue.state_reason = "closed", reason or "completed"
        issue.closed_at, issue.closed_by = ask.world.clock(), ask.me
        if was_open:
            _announce(ask, "closed", issue)
    elif state == "open" and issue.state == "closed":
        issue.state, issue.state_reason = "open", "reopened"
        issue.closed_at = issue.closed_by = None
        _announce(ask, "reopened", issue)


def assign(ask: Ask, issue: Issue, people: list[User]) -> None:
    """Set who is assigned and tell the hook."""
    before, issue.assignees = issue.assignees, people
    for action, these, those in (("assigned", people, before), ("unassigned", before, people)):
        for one in these:
            if one not in those:
                _announce(ask, action, issue, assignee=simple_user(one, ask.base))


def _announce(ask: Ask, action: str, issue: Issue, **more: Any) -> None:
    issue.updated_at = ask.world.clock()
    ask.stand_in.announce_issue(action, issue, ask.repository, ask.me, ask.base, **more)


def _people(ask: Ask, asked: Fields) -> list[User] | None:
    logins = asked.names("assignees", "login")
    if logins is None and isinstance(asked.raw("assignee"), str):
        logins = [asked.raw("assignee")]
    if logins is None:
        return None
    known = {ask.repository.owner.login.lower(), *ask.repository.roles}
    for login in logins:
        if login.lower() not in known:
            raise validation_failed(ask.docs, asked.fault("assignees", "invalid") | {"value": login})
    return [ask.world.user(login) for login in logins]


def _milestone(ask: Ask, asked: Fields) -> Milestone | None:
    value = asked.raw("milestone")
    if value is None:
        return None
    found = ask.repository.milestones.get(int(value)) if str(value).isdigit() else None
    if found is None:
        raise validation_failed(ask.docs, asked.fault("milestone", "invalid") | {"value": str(value)})
    return found


def _type(ask: Ask, asked: Fields) -> IssueType | None:
    value = asked.raw("type")
    if value is None:
        return None
    found = next((one for one in ask.repository.issue_types if one.name.lower() == str(value).lower()), None)
    if found is None:
        raise validation_failed(ask.docs, asked.fault("type", "invalid") | {"value": str(value)})
    return found


def _milestone_fits(wanted: str | None, issue: Issue) -> bool:
    number = str(issue.milestone.number) if issue.milestone else "none"
    return wanted in {None, number} or (wanted == "*" and issue.milestone is not None)


def _type_fits(wanted: str | None, issue: Issue) -> bool:
    name = issue.type.name.lower() if issue.type else "none"
    return wanted is None or wanted.lower() == name or (wanted == "*" and issue.type is not None)


def _person_fits(wanted: str | None, people: list[User]) -> bool:
    if wanted is None:
        return True
    if wanted in {"*", "none"}:
        return bool(people) == (wanted == "*")
    return wanted.lower() in {one.login.lower() for one in people}


def _allowed(ask: Ask, name: str, values: frozenset[str], default: str) -> str:
    value = dict(ask.query).get(name, default)
    if value not in values:
        raise validation_failed(ask.docs, {"resource": "Issue", "field": name, "code": "invalid", "value": value})
    return value


def _moment(ask: Ask, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise validation_failed(ask.docs, {"resource": "Issue", "field": "since", "code": "invalid"}) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _shape(ask: Ask, issue: Issue, *, single: bool = False) -> dict[str, Any]:
    return issue_json(issue, ask.repository, ask.world, ask.base, single=single)


ISSUES = "issues/issues"
OPERATIONS = (
    Operation("GET", "/issues", list_issues, f"{ISSUES}#list-repository-issues", "issues"),
    Operation("POST", "/issues", create_issue, f"{ISSUES}#create-an-issue", "issues"),
    Operation("GET", "/issues/{issue_number:int}", get_issue, f"{ISSUES}#get-an-issue", "issues"),
    Operation("PATCH", "/issues/{issue_number:int}", update_issue, f"{ISSUES}#update-an-issue", "issues"),
)
