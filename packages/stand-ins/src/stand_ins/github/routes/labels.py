"""Operations on the labels of a repository and of an issue.

With push access a label that does not exist is made when it is set. With triage access only existing ones can be set
(403); an author without either has its labels ignored without a word.
"""

import re
from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.fields import names_of
from stand_ins.github.records import Issue, Label
from stand_ins.github.refusal import (
    invalid_request,
    must_have_admin_rights,
    no_label_creation,
    not_found,
    validation_failed,
)
from stand_ins.github.shapes.issue import label_json


async def list_labels(ask: Ask) -> Response:
    """List the repository's labels."""
    return ask.page(list(ask.repository.labels.values()), lambda one: label_json(one, ask.repository, ask.base))


async def get_label(ask: Ask) -> Response:
    """Describe a label."""
    return JSONResponse(label_json(_named(ask), ask.repository, ask.base))


async def create_label(ask: Ask) -> Response:
    """Make a label."""
    if ask.role < Role.write:
        raise not_found(ask.docs)
    asked = await ask.fields("Label")
    name, color, description = asked.raw("name"), asked.raw("color") or "ededed", asked.raw("description")
    if not isinstance(name, str) or not name.strip():
        raise invalid_request(ask.docs, '"name" wasn\'t supplied.')
    if not isinstance(color, str) or not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        raise validation_failed(ask.docs, asked.fault("color", "invalid"))
    if name.strip().lower() in ask.repository.labels:
        raise validation_failed(ask.docs, asked.fault("name", "already_exists"))
    made = ask.world.add_label(ask.repository, name.strip(), color=color, description=description)
    shape = label_json(made, ask.repository, ask.base)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


async def list_issue_labels(ask: Ask) -> Response:
    """List an issue's labels."""
    return ask.page(ask.issue().labels, lambda one: label_json(one, ask.repository, ask.base))


async def add_issue_labels(ask: Ask) -> Response:
    """Add labels to an issue."""
    issue = ask.issue()
    names = _names(await ask.json(), ask)
    return _set(ask, issue, [one.name for one in issue.labels] + names)


async def set_issue_labels(ask: Ask) -> Response:
    """Replace an issue's labels."""
    issue = ask.issue()
    return _set(ask, issue, _names(await ask.json(), ask))


async def remove_issue_labels(ask: Ask) -> Response:
    """Remove all labels from an issue."""
    _set(ask, ask.issue(), [])
    return Response(status_code=204)


async def remove_issue_label(ask: Ask) -> Response:
    """Remove one label from an issue."""
    issue = ask.issue()
    gone = ask.request.path_params["name"].lower()
    if gone not in {one.name.lower() for one in issue.labels}:
        refusal = not_found(ask.docs)
        refusal.body["message"] = "Label does not exist"
        raise refusal
    return _set(ask, issue, [one.name for one in issue.labels if one.name.lower() != gone])


def resolve(ask: Ask, names: list[str]) -> list[Label]:
    """Turn names into labels, making those that are missing where the caller may.

    Raises:
        Refusal: 403, a label is missing and the caller may not make it.
    """
    repository = ask.repository
    missing = [name for name in names if name.lower() not in repository.labels]
    if missing and ask.role < Role.write:
        raise no_label_creation(ask.docs)
    for name in missing:
        ask.world.add_label(repository, name)
    return [repository.labels[key] for key in dict.fromkeys(name.lower() for name in names)]


def apply(ask: Ask, issue: Issue, labels: list[Label]) -> None:
    """Set an issue's labels and tell the hook."""
    before = issue.labels
    if ask.drops_labels or labels == before:
        return
    issue.labels = labels
    issue.updated_at = ask.world.clock()
    ask.stand_in.announce_labels(before, issue, ask.repository, ask.me, ask.base)


def _set(ask: Ask, issue: Issue, names: list[str]) -> Response:
    if ask.role < Role.triage:
        raise must_have_admin_rights(ask.docs)
    apply(ask, issue, resolve(ask, names))
    return JSONResponse([label_json(one, ask.repository, ask.base) for one in issue.labels])


def _names(body: Any, ask: Ask) -> list[str]:
    if isinstance(body, dict):
        if "labels" not in body:
            raise invalid_request(ask.docs, '"labels" wasn\'t supplied.')
        body = body["labels"]
    return names_of([body] if isinstance(body, str) else body, "name", "properties/labels", ask.docs)


def _named(ask: Ask) -> Label:
    found = ask.repository.labels.get(ask.request.path_params["name"].lower())
    if found is None:
        raise not_found(ask.docs)
    return found


LABELS = "issues/labels"
ISSUE = "/issues/{issue_number:int}/labels"
OPERATIONS = (
    Operation("GET", "/labels", list_labels, f"{LABELS}#list-labels-for-a-repository", "issues"),
    Operation("POST", "/labels", create_label, f"{LABELS}#create-a-label", "issues"),
    Operation("GET", "/labels/{name:path}", get_label, f"{LABELS}#get-a-label", "issues"),
    Operation("GET", ISSUE, list_issue_labels, f"{LABELS}#list-labels-for-an-issue", "issues"),
    Operation("POST", ISSUE, add_issue_labels, f"{LABELS}#add-labels-to-an-issue", "issues"),
    Operation("PUT", ISSUE, set_issue_labels, f"{LABELS}#set-labels-for-an-issue", "issues"),
    Operation("DELETE", ISSUE, remove_issue_labels, f"{LABELS}#remove-all-labels-from-an-issue", "issues"),
    Operation(
        "DELETE", f"{ISSUE}/{{name:path}}", remove_issue_label, f"{LABELS}#remove-a-label-from-an-issue", "issues"
    ),
)
