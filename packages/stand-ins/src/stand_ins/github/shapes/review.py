"""Reviews and their comments as JSON."""

from typing import Any

from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.reviews import Review, ReviewComment, ReviewThread
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.issue import issue_web_url
from stand_ins.github.shapes.repository import api_url
from stand_ins.github.world import World


def review_json(review: Review, issue: Issue, repository: Repository, world: World, base: str) -> dict[str, Any]:
    """Describe a review; one that is pending has no time."""
    url = f"{api_url(repository, base)}/pulls/{issue.number}"
    page = f"{issue_web_url(issue, repository, base)}#pullrequestreview-{review.id}"
    shape = {
        "id": review.id,
        "node_id": node_id("PRR", review.id),
        "user": simple_user(review.user, base),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": world.association(repository, review.user),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": review.commit_sha,
    }
    return shape | ({"submitted_at": stamp(review.submitted_at)} if review.submitted_at else {})


def review_comment_json(
    comment: ReviewComment,
    thread: ReviewThread,
    issue: Issue,
    pull: Pull,
    repository: Repository,
    world: World,
    base: str,
) -> dict[str, Any]:
    """Describe a comment on a line. An outdated one has only its original line: GitHub's description takes no null."""
    pull_url = f"{api_url(repository, base)}/pulls/{issue.number}"
    url = f"{api_url(repository, base)}/pulls/comments/{comment.id}"
    page = f"{issue_web_url(issue, repository, base)}#discussion_r{comment.id}"
    patch = next((file.patch for file in pull.files if file.filename == thread.path), None)
    shape: dict[str, Any] = {
        "url": url,
        "pull_request_review_id": comment.review_id,
        "id": comment.id,
        "node_id": node_id("PRRC", comment.id),
        "diff_hunk": (patch or "").partition("\n")[0],
        "path": thread.path,
        "commit_id": pull.head_sha,
        "original_commit_id": pull.head_sha,
        "user": simple_user(comment.user, base),
        "body": comment.body,
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "html_url": page,
        "pull_request_url": pull_url,
        "author_association": world.association(repository, comment.user),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
        "original_line": thread.line,
        "start_line": None if thread.outdated else thread.start_line,
        "original_start_line": thread.start_line,
        "side": thread.side,
        "start_side": None,
        "subject_type": "line",
    }
    first = thread.comments[0]
    shape |= {} if thread.outdated else {"line": thread.line}
    return shape | ({} if comment is first else {"in_reply_to_id": first.id})
