"""Operations on projects of organizations, their fields and their items. Only members of the organization see them."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.paging import DEFAULT_PER_PAGE, MAX_PER_PAGE
from stand_ins.github.projects import SETTABLE, Project, ProjectField, ProjectItem, Value
from stand_ins.github.records import Issue
from stand_ins.github.refusal import Refusal, invalid_request, not_found, validation_failed
from stand_ins.github.shapes.project import field_json, item_json, project_json
from stand_ins.kit import paging

Row = TypeVar("Row")


async def list_projects(ask: Ask) -> Response:
    """List the projects of an organization."""
    return _page(ask, _projects(ask), lambda one: project_json(one, ask.base))


async def get_project(ask: Ask) -> Response:
    """Describe a project."""
    return JSONResponse(project_json(_project(ask), ask.base))


async def list_fields(ask: Ask) -> Response:
    """List the fields of a project, with their choices."""
    project = _project(ask)
    return _page(ask, project.fields, lambda one: field_json(one, project, ask.base))


async def get_field(ask: Ask) -> Response:
    """Describe a field."""
    project = _project(ask)
    found = _field(project, ask.request.path_params["field_id"])
    if found is None:
        raise not_found(ask.docs)
    return JSONResponse(field_json(found, project, ask.base))


async def list_items(ask: Ask) -> Response:
    """List the items of a project, with the values of the fields that are asked for."""
    project, shown = _project(ask), _shown(ask)
    return _page(ask, project.items, lambda one: item_json(one, project, ask.world, ask.base, ask.me, shown))


async def get_item(ask: Ask) -> Response:
    """Describe an item."""
    project = _project(ask)
    return JSONResponse(item_json(_item(ask, project), project, ask.world, ask.base, ask.me, _shown(ask)))


async def add_item(ask: Ask) -> Response:
    """Add an issue or a pull request; one that is there already stays the item that it is."""
    project, asked = _project(ask), await ask.fields("ProjectV2Item")
    issue = _asked_issue(
        ask, asked.text("owner", required=True), asked.text("repo", required=True), asked.raw("number")
    )
    if asked.raw("type") != ("PullRequest" if issue.pull else "Issue"):
        raise _refused(ask, "type", "The content is not of the given type")
    found = next((one for one in project.items if one.issue is issue), None)
    if found is None:
        now = ask.world.clock()
        found = ProjectItem(ask.world.next_id(), issue, ask.me, now, now)
        project.items.append(found)
    return JSONResponse(item_json(found, project, ask.world, ask.base, ask.me), status_code=201)


async def update_item(ask: Ask) -> Response:
    """Set values of an item, or clear them by null."""
    project = _project(ask)
    item, asked = _item(ask, project), (await ask.fields("ProjectV2Item")).raw("fields")
    if not isinstance(asked, list):
        raise invalid_request(ask.docs, '"fields" wasn\'t supplied.')
    values = {one.id: value for one, value in (_checked(ask, project, entry) for entry in asked)}
    item.values |= values
    item.updated_at = ask.world.clock()
    return JSONResponse(item_json(item, project, ask.world, ask.base, ask.me, set(values)))


async def delete_item(ask: Ask) -> Response:
    """Take an item from a project."""
    project = _project(ask)
    project.items.remove(_item(ask, project))
    return Response(status_code=204)


def _projects(ask: Ask) -> list[Project]:
    wanted = ask.request.path_params["org"].lower()
    teams = [one for one in ask.world.teams if one.organization.login.lower() == wanted]
    if not any(ask.user in (*one.members, *one.maintainers) for one in teams):
        raise not_found(ask.docs)
    return [one for one in ask.world.projects if one.owner.login.lower() == wanted]


def _project(ask: Ask) -> Project:
    number = ask.request.path_params["project_number"]
    found = next((one for one in _projects(ask) if one.number == number), None)
    if found is None:
        raise not_found(ask.docs)
    return found


def _item(ask: Ask, project: Project) -> ProjectItem:
    found = next((one for one in project.items if one.id == ask.request.path_params["item_id"]), None)
    if found is None:
        raise not_found(ask.docs)
    return found


def _field(project: Project, number: Any) -> ProjectField | None:
    return next((one for one in project.fields if one.id == number), None)


def _shown(ask: Ask) -> set[int]:
    """Read the ids of the fields that are asked for."""
    asked = [part for name, value in ask.query if name in ("fields", "fields[]") for part in value.split(",")]
    return {int(part) for part in asked if part.isascii() and part.isdigit()}


def _asked_issue(ask: Ask, owner: str | None, name: str | None, number: Any) -> Issue:
    repository = ask.world.find(owner or "", name or "")
    issue = repository.issues.get(number) if repository else None
    if repository is None or issue is None or ask.world.role(repository, ask.user) == Role.none:
        raise not_found(ask.docs)
    return issue


def _checked(ask: Ask, project: Project, entry: Any) -> tuple[ProjectField, Value]:
    """Return a field and its new value; 422 where the field has no such value."""
    found = _field(project, entry.get("id")) if isinstance(entry, dict) else None
    if found is None or found.data_type not in SETTABLE:
        raise _refused(ask, "id", "Field cannot be updated")
    value = entry.get("value")
    if value is not None and not _fits(found, value):
        raise _refused(ask, "value", f"Column value must be a valid value for {found.data_type} column")
    return found, value


def _refused(ask: Ask, field: str, message: str) -> Refusal:
    fault = {"resource": "ProjectV2Item", "field": field, "code": "invalid", "message": message}
    return validation_failed(ask.docs, fault)


def _fits(found: ProjectField, value: Any) -> bool:
    if found.data_type == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if found.data_type == "date":
        return isinstance(value, str) and _is_date(value)
    if found.options:
        return any(choice.id == value for choice in found.options)
    return isinstance(value, str)


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _page(ask: Ask, rows: Sequence[Row], shape: Callable[[Row], Any]) -> Response:
    """Answer with the page behind a cursor, and the link to the next one."""
    asked = dict(ask.query)
    page = paging.cut(
        rows,
        paging.decode_cursor(asked.get("after", "")),
        paging.number(asked.get("per_page"), DEFAULT_PER_PAGE, MAX_PER_PAGE),
    )
    headers = {}
    if page.next_cursor:
        url = ask.request.url.include_query_params(after=page.next_cursor)
        headers = {"Link": paging.link(str(url), rel="next")}
    return JSONResponse([shape(one) for one in page.rows], headers=headers)


def _operation(method: str, path: str, run: Any, docs: str) -> Operation:
    whole = f"/orgs/{{org}}/projectsV2{path}"
    return Operation(method, whole, run, f"projects/{docs}", "organization_projects", of_repository=False)


ONE = "/{project_number:int}"
ITEM = ONE + "/items/{item_id:int}"
OPERATIONS = (
    _operation("GET", "", list_projects, "projects#list-projects-for-organization"),
    _operation("GET", ONE, get_project, "projects#get-project-for-organization"),
    _operation("GET", ONE + "/fields", list_fields, "fields#list-project-fields-for-organization"),
    _operation("GET", ONE + "/fields/{field_id:int}", get_field, "fields#get-project-field-for-organization"),
    _operation("GET", ONE + "/items", list_items, "items#list-items-for-an-organization-owned-project"),
    _operation("POST", ONE + "/items", add_item, "items#add-item-to-organization-owned-project"),
    _operation("GET", ITEM, get_item, "items#get-an-item-for-an-organization-owned-project"),
    _operation("PATCH", ITEM, update_item, "items#update-project-item-for-organization"),
    _operation("DELETE", ITEM, delete_item, "items#delete-project-item-for-organization"),
)
