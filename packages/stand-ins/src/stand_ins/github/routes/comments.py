"""Operations on the comments of issues and pull requests."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.records import Comment, Issue
from stand_ins.github.refusal import Refusal, not_found
from stand_ins.github.shapes.issue import comment_json


async def list_comments(ask: Ask) -> Response:
    """List an issue's comments, oldest first."""
    issue = ask.issue()
    since = _since(ask)
    rows = [one for one in issue.comments if since is None or one.updated_at >= since]
    return ask.page(rows, lambda one: _shape(ask, one, issue))


async def list_repository_comments(ask: Ask) -> Response:
    """List all comments of a repository; oldest first unless asked otherwise."""
    asked = dict(ask.query)
    since = _since(ask)
    rows = [(one, issue) for issue in ask.repository.issues.values() for one in issue.comments]
    rows = [pair for pair in rows if since is None or pair[0].updated_at >= since]
    by_update = asked.get("sort") == "updated"
    rows.sort(key=lambda pair: (pair[0].updated_at if by_update else pair[0].created_at, pair[0].id))
    if asked.get("direction") == "desc" and "sort" in asked:
        rows.reverse()
    return ask.page(rows, lambda pair: _shape(ask, *pair))


async def get_comment(ask: Ask) -> Response:
    """Describe a comment."""
    wanted = ask.request.path_params["comment_id"]
    for issue in ask.repository.issues.values():
        for comment in issue.comments:
            if comment.id == wanted:
                return JSONResponse(_shape(ask, comment, issue))
    raise not_found(ask.docs)


async def create_comment(ask: Ask) -> Response:
    """Comment on an issue; whoever may read it may, unless it is locked."""
    issue = ask.issue()
    if issue.locked and ask.role < Role.write:
        raise Refusal(403, "Unable to create comment because issue is locked.", docs=ask.docs)
    asked = await ask.fields("IssueComment")
    body = asked.body(required=True) or ""
    comment = ask.world.add_comment(issue, body=body, user=ask.me)
    ask.stand_in.announce_comment("created", comment, issue, ask.repository, ask.me, ask.base)
    shape = _shape(ask, comment, issue)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


def _since(ask: Ask) -> datetime | None:
    text = dict(ask.query).get("since")
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _shape(ask: Ask, comment: Comment, issue: Issue) -> dict[str, Any]:
    return comment_json(comment, issue, ask.repository, ask.world, ask.base)


COMMENTS = "issues/comments"
OPERATIONS = (
    Operation(
        "GET",
        "/issues/comments",
        list_repository_comments,
        f"{COMMENTS}#list-issue-comments-for-a-repository",
        "issues",
    ),
    Operation("GET", "/issues/comments/{comment_id:int}", get_comment, f"{COMMENTS}#get-an-issue-comment", "issues"),
    Operation("GET", "/issues/{issue_number:int}/comments", list_comments, f"{COMMENTS}#list-issue-comments", "issues"),
    Operation(
        "POST", "/issues/{issue_number:int}/comments", create_comment, f"{COMMENTS}#create-an-issue-comment", "issues"
    ),
)
