"""GitHub's table: issues, labels and comments to read and write; search, pull requests and contents to read."""

from collections.abc import Callable
from dataclasses import replace

from agent_vendors.github import REPOSITORIES, SEARCHES
from api_kit import Body, Call, Json, Rate, Resource, Route, Search, Table, markdown

from github_api import confirm, probes
from github_api.upstream import found_repositories, repositories_of

JSON = (
    "application/vnd.github+json",
    "application/json",
    "application/vnd.github.v3+json",
    "application/vnd.github.raw+json",
    "application/vnd.github.text+json",
    "application/vnd.github.html+json",
    "application/vnd.github.full+json",
    "application/vnd.github.symmetra-preview+json",
    "application/vnd.github.sailor-v-preview+json",
)
"""JSON with bodies in any form; the last two are asked for by ordinary clients and change nothing any more."""
DIFF = tuple(f"application/vnd.github.{form}" for form in ("diff", "patch", "v3.diff", "v3.patch"))
RAW = tuple(f"application/vnd.github.{form}" for form in ("raw", "raw+json", "v3.raw", "v3.raw+json"))
"""A file's own bytes: `+json` says nothing of them."""
TREE = tuple(f"application/vnd.github.{form}" for form in ("object", "object+json"))
RENDERED = "application/vnd.github.html+json"
"""Not given of files: it is a page, which no tool reads."""
FILE = (*(media for media in JSON if media not in (*RAW, RENDERED)), *TREE, *RAW)

REPO = "/repos/{owner:name}/{repo:name}"
ISSUE = REPO + "/issues/{number:number}"
PULL = REPO + "/pulls/{number:number}"
TARGET_REPO = "{owner}/{repo}"
TARGET_ISSUE = "{owner}/{repo}#{number}"
PAGE = frozenset({"per_page", "page"})
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
TEXTS = {"body": markdown}
NEW_ISSUE = Body(frozenset({"title", "body", "assignee", "assignees", "milestone", "labels", "type"}), texts=TEXTS)
ISSUE_FIELDS = Body(NEW_ISSUE.fields | {"state", "state_reason"}, texts=TEXTS)
LABELS = Body(frozenset({"labels"}), bare_list=True)
TIERS = {"search": Rate(per_second=2.0, burst=10)}
"""GitHub counts searches apart: 30 a minute for all callers of a token."""


def table() -> Table:
    """Make the closed table."""
    return Table([*_issues(), *_comments(), *_labels(), *_search(), *_code()])


def _read(path: str, query: frozenset[str] = frozenset(), accepts: tuple[str, ...] = JSON) -> Route:
    resources = (Resource(REPOSITORIES, "path", TARGET_REPO),)
    return Route("GET", path, resources=resources, query=query, accepts=accepts, reply_resources=repositories_of)


def _write(method: str, path: str, tool: str, body: Body | None) -> Route:
    target = TARGET_ISSUE if "{number" in path else TARGET_REPO
    return replace(_read(path), method=method, access="write", tools=frozenset({tool}), body=body, target=target)


def _issues() -> list[Route]:
    create = _write("POST", REPO + "/issues", "issue_write", NEW_ISSUE)
    update = _write("PATCH", ISSUE, "issue_write", ISSUE_FIELDS)
    return [
        _read(REPO),
        _read(REPO + "/issues", ISSUES_QUERY),
        replace(create, verify_reply=confirm.issue_made, probe=probes.ISSUE_MADE),
        _read(ISSUE),
        replace(
            update,
            idempotent=True,
            verify_reply=confirm.issue_changed,
            probe=probes.ISSUE_CHANGED,
            read_before=probes.issue_before,
        ),
    ]


def _comments() -> list[Route]:
    create = _write("POST", ISSUE + "/comments", "add_issue_comment", Body(frozenset({"body"}), texts=TEXTS))
    return [
        _read(ISSUE + "/comments", PAGE | {"since"}),
        _read(REPO + "/issues/comments/{comment:number}"),
        replace(create, verify_reply=confirm.commented, probe=probes.COMMENT_MADE, read_before=probes.issue_commented),
    ]


def _labels() -> list[Route]:
    labels = ISSUE + "/labels"
    return [
        _read(REPO + "/labels", PAGE),
        _read(REPO + "/labels/{name}"),
        _read(labels, PAGE),
        _set_labels("POST", labels, confirm.labels_added, LABELS),
        _set_labels("PUT", labels, confirm.labels_set, LABELS),
        _set_labels("DELETE", labels, confirm.labels_removed),
        _set_labels("DELETE", labels + "/{name}", confirm.labels_removed),
    ]


def _set_labels(method: str, path: str, missing: Callable[[Json, Json], str | None], body: Body | None = None) -> Route:
    def fits(call: Call, labels: Json) -> bool:
        return missing(call.body if call.body is not None else call.path.get("name"), labels) is None

    route = replace(_write(method, path, "issue_write", body), idempotent=True)
    probe = probes.set_labels(fits)
    return replace(route, verify_reply=missing if body else None, probe=probe, read_before=probes.issue_before)


def _search() -> list[Route]:
    query = PAGE | {"q", "sort", "order"}
    issues = Route(
        "GET",
        "/search/issues",
        query=query,
        accepts=JSON,
        tier="search",
        search=Search(SEARCHES, "q", REPOSITORIES),
        reply_resources=found_repositories,
    )
    return [issues, Route("GET", "/rate_limit", accepts=JSON)]


def _code() -> list[Route]:
    contents = REPO + "/contents"
    return [
        _read(REPO + "/pulls", PAGE | {"state", "head", "base", "sort", "direction"}),
        replace(_read(PULL, accepts=JSON + DIFF), opaque=frozenset(DIFF)),
        _read(PULL + "/files", PAGE),
        _file(contents),
        _file(contents + "/"),
        _file(contents + "/{path:file}"),
    ]


def _file(path: str) -> Route:
    return replace(_read(path, frozenset({"ref"}), FILE), opaque=frozenset(RAW))
