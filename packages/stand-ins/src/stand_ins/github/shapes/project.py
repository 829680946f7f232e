"""Projects, their fields and their items as JSON."""

from typing import Any

from stand_ins.github.accounts import User
from stand_ins.github.projects import Option, Project, ProjectField, ProjectItem, Value
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.issue import issue_json
from stand_ins.github.shapes.pull import pull_simple
from stand_ins.github.world import World


def project_url(project: Project, base: str) -> str:
    """Give the project's address in the API."""
    return f"{base}/orgs/{project.owner.login}/projectsV2/{project.number}"


def project_json(project: Project, base: str) -> dict[str, Any]:
    """Describe a project."""
    made = stamp(project.created_at)
    return {
        "id": project.id,
        "node_id": node_id("PVT", project.id),
        "owner": simple_user(project.owner, base),
        "creator": simple_user(project.creator, base),
        "title": project.title,
        "description": project.description,
        "public": False,
        "closed_at": None,
        "created_at": made,
        "updated_at": made,
        "number": project.number,
        "short_description": project.description,
        "deleted_at": None,
        "deleted_by": None,
        "state": "open",
        "latest_status_update": None,
        "is_template": False,
    }


def field_json(one: ProjectField, project: Project, base: str) -> dict[str, Any]:
    """Describe a field with its choices."""
    made = stamp(one.created_at)
    shape: dict[str, Any] = {
        "id": one.id,
        "node_id": node_id("PVTF", one.id),
        "name": one.name,
        "data_type": one.data_type,
        "project_url": project_url(project, base),
        "created_at": made,
        "updated_at": made,
    }
    if one.data_type == "single_select":
        shape["options"] = [_option(choice) for choice in one.options]
    if one.data_type == "iteration":
        iterations = [_iteration(choice) for choice in one.options]
        shape["configuration"] = {"start_day": 1, "duration": 14, "iterations": iterations}
    return shape


def item_json(
    item: ProjectItem, project: Project, world: World, base: str, user: User, shown: set[int] | None = None
) -> dict[str, Any]:
    """Describe an item. `shown` are the fields whose values are told, besides the title; None leaves out all."""
    url = project_url(project, base)
    shape: dict[str, Any] = {
        "id": item.id,
        "node_id": node_id("PVTI", item.id),
        "content": _content(item, world, base, user),
        "content_type": item.content_type,
        "creator": simple_user(item.creator, base),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "archived_at": None,
        "project_url": url,
        "item_url": f"{url}/items/{item.id}",
    }
    if shown is None:
        return shape
    told = [one for one in project.fields if one.data_type == "title" or one.id in shown]
    listed = [{"id": one.id, "name": one.name, "data_type": one.data_type} for one in told]
    for entry, one in zip(listed, told, strict=True):
        entry["value"] = _value(one, item, world, base)
    return shape | {"fields": listed}


def _content(item: ProjectItem, world: World, base: str, user: User) -> dict[str, Any] | None:
    """Describe what an item is; null where the caller may not see it."""
    issue = item.issue
    if issue is None:
        made = stamp(item.created_at)
        return {
            "id": item.id,
            "node_id": node_id("DI", item.id),
            "title": item.title,
            "body": item.body,
            "user": simple_user(item.creator, base),
            "created_at": made,
            "updated_at": made,
        }
    repository = world.repository_of(issue)
    if not world.role(repository, user):
        return None
    if issue.pull:
        return pull_simple(issue, issue.pull, repository, world, base)
    return issue_json(issue, repository, world, base)


def _value(one: ProjectField, item: ProjectItem, world: World, base: str) -> Any:
    """Describe the value that an item has in a field; null where it has none."""
    issue, kept = item.issue, item.values.get(one.id)
    if one.data_type == "title":
        return _text(issue.title if issue else item.title)
    if one.data_type == "assignees":
        return [simple_user(user, base) for user in issue.assignees] if issue else []
    if one.data_type == "parent_issue":
        parent = issue.parent if issue else None
        where = world.repository_of(parent).full_name if parent else ""
        return {"title": parent.title, "url": f"{base}/{where}/issues/{parent.number}"} if parent else None
    return _kept(one, kept)


def _kept(one: ProjectField, value: Value) -> Any:
    if value is None:
        return None
    if one.data_type in ("single_select", "iteration"):
        choice = next(choice for choice in one.options if choice.id == value)
        return _option(choice) if one.data_type == "single_select" else _iteration(choice)
    return _text(str(value)) if one.data_type == "text" else value


def _option(choice: Option) -> dict[str, Any]:
    return {"id": choice.id, "name": _text(choice.name), "color": "GRAY", "description": _text("")}


def _iteration(choice: Option) -> dict[str, Any]:
    start = choice.start.isoformat() if choice.start else None
    named = {"id": choice.id, "title": _text(choice.name), "completed": False}
    return named | {"start_date": start, "duration": choice.days}


def _text(text: str) -> dict[str, str]:
    return {"raw": text, "html": text}
