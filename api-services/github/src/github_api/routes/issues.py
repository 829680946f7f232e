"""Issues, labels and comments."""

from collections.abc import Callable
from dataclasses import replace

from api_kit import Body, Call, Json, Route

from github_api.confirm import issues as confirm
from github_api.probes import issues as probes
from github_api.routes.in_repository import ISSUE, PAGE, REPO, TEXTS, read, write

CURSOR = PAGE | {"after", "before"}
ISSUES_QUERY = CURSOR | {
    "milestone",
    "state",
    "assignee",
    "type",
    "creator",
    "mentioned",
    "labels",
    "sort",
    "direction",
    "since",
}
NEW_ISSUE = Body(frozenset({"title", "body", "assignee", "assignees", "milestone", "labels", "type"}), texts=TEXTS)
ISSUE_FIELDS = Body(NEW_ISSUE.fields | {"state", "state_reason"}, texts=TEXTS)
LABELS = Body(frozenset({"labels"}), bare_list=True)


def routes() -> list[Route]:
    """Make the routes."""
    return [*_issues(), *_comments(), *_labels(), *_assignees()]


def _issues() -> list[Route]:
    create = write("POST", REPO + "/issues", "issue_write", NEW_ISSUE)
    update = write("PATCH", ISSUE, "issue_write", ISSUE_FIELDS)
    return [
        read(REPO + "/issues", ISSUES_QUERY),
        replace(create, verify_reply=confirm.issue_made, probe=probes.ISSUE_MADE),
        read(ISSUE),
        replace(
            update,
            idempotent=True,
            verify_reply=confirm.issue_changed,
            probe=probes.ISSUE_CHANGED,
            read_before=probes.issue_before,
        ),
    ]


def _comments() -> list[Route]:
    create = write("POST", ISSUE + "/comments", "add_issue_comment", Body(frozenset({"body"}), texts=TEXTS))
    return [
        read(ISSUE + "/comments", PAGE | {"since"}),
        read(REPO + "/issues/comments/{comment:number}"),
        replace(create, verify_reply=confirm.commented, probe=probes.COMMENT_MADE, read_before=probes.issue_commented),
    ]


def _labels() -> list[Route]:
    labels = ISSUE + "/labels"
    return [
        read(REPO + "/labels", PAGE),
        read(REPO + "/labels/{name}"),
        read(labels, PAGE),
        _set_labels("POST", labels, confirm.labels_added, LABELS),
        _set_labels("PUT", labels, confirm.labels_set, LABELS),
        _set_labels("DELETE", labels, confirm.labels_removed),
        _set_labels("DELETE", labels + "/{name}", confirm.labels_removed),
    ]


def _assignees() -> list[Route]:
    path, body = ISSUE + "/assignees", Body(frozenset({"assignees"}))
    return [
        replace(
            write(method, path, "issue_write", body),
            idempotent=True,
            verify_reply=missing,
            probe=probes.set_assignees(missing),
            read_before=probes.issue_before,
        )
        for method, missing in (("POST", confirm.assigned), ("DELETE", confirm.unassigned))
    ]


def _set_labels(method: str, path: str, missing: Callable[[Json, Json], str | None], body: Body | None = None) -> Route:
    def fits(call: Call, labels: Json) -> bool:
        return missing(call.body if call.body is not None else call.path.get("name"), labels) is None

    route = replace(write(method, path, "issue_write", body), idempotent=True)
    probe = probes.set_labels(fits)
    return replace(route, verify_reply=missing if body else None, probe=probe, read_before=probes.issue_before)
