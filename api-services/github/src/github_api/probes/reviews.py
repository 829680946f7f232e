"""Finds reviews and replies of ours whose reply was lost, and reads a pull request for those who approve a write."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe
from api_kit.effect_markers import created

from github_api.confirm.node_operations import THREAD, answer
from github_api.confirm.reviews import reviewed
from github_api.probes.own_account import GONE_SECONDS, PER_PAGE, made, own, repository_of

MOST_PAGES = 10


async def pull_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return what is reviewed: the title, the text, and which commit is its head."""
    pull = await fetch(_pull(call))
    if not isinstance(pull, dict):
        return None
    head = pull.get("head")
    sha = head.get("sha") if isinstance(head, dict) else None
    return {"title": pull.get("title"), "text of the pull request": pull.get("body"), "head": sha}


async def submitted(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return a review that is submitted as the write asked; None if it is not."""
    review = await fetch(f"{_pull(call)}/reviews/{call.path['review']}")
    return review if isinstance(review, dict) and reviewed(call.body, review) is None else None


async def gone(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the review's id if it is not there any more."""
    review = await fetch(f"{_pull(call)}/reviews/{call.path['review']}")
    return {"id": int(call.path["review"])} if review is None else None


async def thread_made(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return what GitHub answers to a new comment of a review that is not submitted; None if the comment is not there.

    A list of the review's comments has it, which GitHub shows to the review's author alone.
    """
    found = await _COMMENT_MADE.find(call, effect, fetch, since)
    if not isinstance(found, dict):
        return None
    pull: Json = {"repository": {"nameWithOwner": f"{call.path['owner']}/{call.path['repo']}"}}
    return answer(
        THREAD,
        {"path": found.get("path"), "comments": {"nodes": [{"databaseId": found.get("id")}]}, "pullRequest": pull},
    )


def _comments(call: Call, page: int) -> str:
    return f"{_pull(call)}/reviews/{call.path['review']}/comments?per_page={PER_PAGE}&page={page}"


def _pull(call: Call) -> str:
    return f"{repository_of(call)}/pulls/{call.path['number']}"


def _reviews(call: Call, page: int) -> str:
    return f"{_pull(call)}/reviews?per_page={PER_PAGE}&page={page}"


REVIEW_MADE = created(
    _reviews,
    field="body",
    per_page=PER_PAGE,
    own=own,
    settle_window=GONE_SECONDS,
    made="submitted_at",
    pages=MOST_PAGES,
    newest_first=False,
    status=200,
)
_COMMENT_MADE = created(
    _comments,
    field="body",
    per_page=PER_PAGE,
    own=own,
    settle_window=GONE_SECONDS,
    made="created_at",
    newest_first=False,
    status=200,
)
THREAD_MADE = replace(_COMMENT_MADE, find=thread_made)
REVIEW_SUBMITTED = Probe(submitted)
REVIEW_GONE = Probe(gone)
REPLY_MADE = made(lambda call: f"{repository_of(call)}/pulls/comments?sort=created&direction=desc")
