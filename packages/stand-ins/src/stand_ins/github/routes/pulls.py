"""Operations on pull requests: list, get as JSON or diff, list files."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.records import Issue, Pull
from stand_ins.github.refusal import not_found, validation_failed
from stand_ins.github.shapes.pull import diff_text, file_json, pull_json, pull_simple

MOST_FILES = 3_000
"""GitHub lists so many files of a pull request and says nothing of the others."""
SORTS: dict[str, Callable[[Issue], Any]] = {
    "created": attrgetter("created_at"),
    "updated": attrgetter("updated_at"),
    "popularity": lambda one: len(one.comments),
    "long-running": attrgetter("created_at"),
}


async def list_pulls(ask: Ask) -> Response:
    """List pull requests; open ones, newest first, unless asked otherwise."""
    asked = dict(ask.query)
    state, sort = asked.get("state", "open"), asked.get("sort", "created")
    for name, value, values in (("state", state, {"open", "closed", "all"}), ("sort", sort, SORTS)):
        if value not in values:
            raise validation_failed(ask.docs, {"resource": "PullRequest", "field": name, "code": "invalid"})
    head, base = asked.get("head"), asked.get("base")
    owner = ask.repository.owner.login
    rows = [
        (one, one.pull)
        for one in sorted(ask.repository.issues.values(), key=attrgetter("number"))
        if one.pull is not None
        and state in {"all", one.state}
        and (head is None or head.lower() in {one.pull.head_ref.lower(), f"{owner}:{one.pull.head_ref}".lower()})
        and (base is None or base == one.pull.base_ref)
    ]
    rows.sort(key=lambda pair: SORTS[sort](pair[0]))
    if asked.get("direction", "desc" if sort == "created" else "asc") == "desc":
        rows.reverse()
    return ask.page(rows, lambda pair: pull_simple(*pair, ask.repository, ask.world, ask.base))


async def get_pull(ask: Ask) -> Response:
    """Describe a pull request, or give its diff when the Accept header asks for that."""
    issue, pull = _found(ask)
    accept = ask.request.headers.get("accept", "")
    for kind in ("diff", "patch"):
        if f"application/vnd.github.{kind}" in accept or f"application/vnd.github.v3.{kind}" in accept:
            media = f"application/vnd.github.{kind}; charset=utf-8"
            return Response(diff_text(pull), headers={"Content-Type": media})
    return JSONResponse(pull_json(issue, pull, ask.repository, ask.world, ask.base))


async def list_files(ask: Ask) -> Response:
    """List a pull request's changed files."""
    _, pull = _found(ask)
    return ask.page(pull.files[:MOST_FILES], lambda one: file_json(one, pull.head_sha, ask.repository, ask.base))


def _found(ask: Ask) -> tuple[Issue, Pull]:
    issue = ask.issue(number=ask.request.path_params["pull_number"])
    if issue.pull is None:
        raise not_found(ask.docs)
    return issue, issue.pull


PULLS = "pulls/pulls"
OPERATIONS = (
    Operation("GET", "/pulls", list_pulls, f"{PULLS}#list-pull-requests", "pull_requests"),
    Operation("GET", "/pulls/{pull_number:int}", get_pull, f"{PULLS}#get-a-pull-request", "pull_requests"),
    Operation(
        "GET", "/pulls/{pull_number:int}/files", list_files, f"{PULLS}#list-pull-requests-files", "pull_requests"
    ),
)
