"""Operations on reviews of pull requests: their verdicts, and comments on lines of the diff."""

from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.fields import Fields
from stand_ins.github.records import Issue, Pull
from stand_ins.github.refusal import not_found, unprocessable
from stand_ins.github.reviews import STATES, Review, ReviewComment, ReviewThread, has_line
from stand_ins.github.routes.pulls import found
from stand_ins.github.shapes.review import review_comment_json, review_json

OWN = {
    "APPROVE": "Review Can not approve your own pull request",
    "REQUEST_CHANGES": "Review Can not request changes on your own pull request",
}


async def list_reviews(ask: Ask) -> Response:
    """List the reviews of a pull request, the oldest first; a pending one only to its author."""
    issue, pull = found(ask)
    rows = [one for one in pull.reviews if one.state != "PENDING" or one.user is ask.user]
    return ask.page(rows, lambda one: review_json(one, issue, ask.repository, ask.world, ask.base))


async def get_review(ask: Ask) -> Response:
    """Describe a review."""
    issue, pull = found(ask)
    return _answer(ask, _review(ask, pull), issue)


async def create_review(ask: Ask) -> Response:
    """Review a pull request, with comments on lines; without an event the review is pending."""
    issue, pull = found(ask)
    asked = await ask.fields("PullRequestReview")
    event = asked.choice("event", frozenset(STATES))
    body = asked.body() or ""
    comments = asked.raw("comments") or []
    _check(ask, issue, event, body, comments=len(comments))
    if event is None and any(one.state == "PENDING" and one.user is ask.me for one in pull.reviews):
        raise unprocessable(ask.docs, "User can only have one pending review per pull request")
    threads = [_thread(ask, pull, told) for told in comments]
    state = STATES[event] if event else "PENDING"
    at = ask.world.clock()
    review = Review(ask.world.next_id(), ask.me, state, body, pull.head_sha, at if event else None)
    pull.reviews.append(review)
    for thread, text in threads:
        thread.comments.append(ReviewComment(ask.world.next_id(), review.id, ask.me, text, at, at))
        pull.threads.append(thread)
    issue.updated_at = at
    _answered(pull, review)
    return _answer(ask, review, issue)


async def submit_review(ask: Ask) -> Response:
    """Submit a pending review."""
    issue, pull = found(ask)
    review = _review(ask, pull)
    asked = await ask.fields("PullRequestReview")
    event = asked.choice("event", frozenset(STATES))
    if event is None or review.state != "PENDING" or review.user is not ask.me:
        raise unprocessable(ask.docs, "Could not submit pull request review")
    body = asked.body() or review.body
    _check(ask, issue, event, body, comments=1)
    review.state, review.body, review.submitted_at = STATES[event], body, ask.world.clock()
    _answered(pull, review)
    return _answer(ask, review, issue)


async def delete_review(ask: Ask) -> Response:
    """Delete a pending review with its comments."""
    issue, pull = found(ask)
    review = _review(ask, pull)
    if review.state != "PENDING" or review.user is not ask.me:
        raise unprocessable(ask.docs, "Can not delete a non-pending pull request review")
    pull.reviews.remove(review)
    pull.threads = [one for one in pull.threads if one.comments[0].review_id != review.id]
    return _answer(ask, review, issue)


async def list_review_comments(ask: Ask) -> Response:
    """List the comments on lines of one review, the oldest first; of a pending one only to its author."""
    issue, pull = found(ask)
    review = _review(ask, pull)
    pairs = [(one, thread) for thread in pull.threads for one in thread.comments if one.review_id == review.id]
    pairs.sort(key=lambda pair: pair[0].id)

    def shape(pair: tuple[ReviewComment, ReviewThread]) -> dict[str, Any]:
        place = {"position": None if pair[1].outdated else 1, "original_position": 1}
        return _comment(ask, *pair, issue, pull) | place

    return ask.page(pairs, shape)


async def list_comments(ask: Ask) -> Response:
    """List the comments on lines of a pull request, the oldest first."""
    issue, pull = found(ask)
    return ask.page(_comments(pull), lambda pair: _comment(ask, *pair, issue, pull))


async def list_repository_comments(ask: Ask) -> Response:
    """List the comments on lines of all pull requests; the oldest first unless asked otherwise."""
    rows = [
        (comment, thread, issue, issue.pull)
        for issue in ask.repository.issues.values()
        if issue.pull is not None
        for comment, thread in _comments(issue.pull)
    ]
    rows.sort(key=lambda row: (row[0].created_at, row[0].id), reverse=dict(ask.query).get("direction") == "desc")
    return ask.page(rows, lambda row: _comment(ask, *row))


async def reply(ask: Ask) -> Response:
    """Answer a comment in its thread."""
    issue, pull = found(ask)
    asked = await ask.fields("PullRequestReviewComment")
    body = asked.body(required=True) or ""
    wanted = ask.request.path_params["comment_id"]
    thread = next((one for one in pull.threads if one.comments[0].id == wanted), None)
    if thread is None:
        raise not_found(ask.docs)
    at = ask.world.clock()
    review = Review(ask.world.next_id(), ask.me, "COMMENTED", "", pull.head_sha, at)
    pull.reviews.append(review)
    made = ReviewComment(ask.world.next_id(), review.id, ask.me, body, at, at)
    thread.comments.append(made)
    shape = _comment(ask, made, thread, issue, pull)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


def _check(ask: Ask, issue: Issue, event: str | None, body: str, *, comments: int) -> None:
    if event in OWN and issue.user is ask.me:
        raise unprocessable(ask.docs, OWN[event])
    if event in ("REQUEST_CHANGES", "COMMENT") and not body and not comments:
        raise unprocessable(ask.docs, "Review body can not be blank")


def _answered(pull: Pull, review: Review) -> None:
    """Ask nobody any more whose review is submitted."""
    if review.state != "PENDING":
        pull.requested_reviewers = [one for one in pull.requested_reviewers if one is not review.user]


def _thread(ask: Ask, pull: Pull, told: Any) -> tuple[ReviewThread, str]:
    fields = Fields(told, ask.docs, "PullRequestReviewThread")
    path, line, side = fields.raw("path"), fields.raw("line"), fields.raw("side") or "RIGHT"
    file = next((one for one in pull.files if one.filename == path), None)
    if file is None:
        raise unprocessable(ask.docs, "Path could not be resolved")
    if not isinstance(line, int) or not has_line(file, line, side):
        raise unprocessable(ask.docs, "Line could not be resolved")
    thread = ReviewThread(ask.world.next_id(), file.filename, line, side, fields.raw("start_line"))
    return thread, fields.body(required=True) or ""


def _review(ask: Ask, pull: Pull) -> Review:
    wanted = ask.request.path_params["review_id"]
    review = next((one for one in pull.reviews if one.id == wanted), None)
    if review is None or (review.state == "PENDING" and review.user is not ask.user):
        raise not_found(ask.docs)
    return review


def _comments(pull: Pull) -> list[tuple[ReviewComment, ReviewThread]]:
    pending = {one.id for one in pull.reviews if one.state == "PENDING"}
    pairs = [(comment, thread) for thread in pull.threads for comment in thread.comments]
    return sorted((pair for pair in pairs if pair[0].review_id not in pending), key=lambda pair: pair[0].id)


def _comment(ask: Ask, comment: ReviewComment, thread: ReviewThread, issue: Issue, pull: Pull) -> dict[str, Any]:
    return review_comment_json(comment, thread, issue, pull, ask.repository, ask.world, ask.base)


def _answer(ask: Ask, review: Review, issue: Issue) -> Response:
    return JSONResponse(review_json(review, issue, ask.repository, ask.world, ask.base))


REVIEWS, COMMENTS = "pulls/reviews", "pulls/comments"
PULL = "/pulls/{pull_number:int}"
ONE = PULL + "/reviews/{review_id:int}"
OPERATIONS = (
    Operation("GET", f"{PULL}/reviews", list_reviews, f"{REVIEWS}#list-reviews-for-a-pull-request", "pull_requests"),
    Operation(
        "POST", f"{PULL}/reviews", create_review, f"{REVIEWS}#create-a-review-for-a-pull-request", "pull_requests"
    ),
    Operation("GET", ONE, get_review, f"{REVIEWS}#get-a-review-for-a-pull-request", "pull_requests"),
    Operation("DELETE", ONE, delete_review, f"{REVIEWS}#delete-a-pending-review-for-a-pull-request", "pull_requests"),
    Operation(
        "GET",
        f"{ONE}/comments",
        list_review_comments,
        f"{REVIEWS}#list-comments-for-a-pull-request-review",
        "pull_requests",
    ),
    Operation("POST", f"{ONE}/events", submit_review, f"{REVIEWS}#submit-a-review-for-a-pull-request", "pull_requests"),
    Operation(
        "GET", f"{PULL}/comments", list_comments, f"{COMMENTS}#list-review-comments-on-a-pull-request", "pull_requests"
    ),
    Operation(
        "GET",
        "/pulls/comments",
        list_repository_comments,
        f"{COMMENTS}#list-review-comments-in-a-repository",
        "pull_requests",
    ),
    Operation(
        "POST",
        f"{PULL}/comments/{{comment_id:int}}/replies",
        reply,
        f"{COMMENTS}#create-a-reply-for-a-review-comment",
        "pull_requests",
    ),
)
