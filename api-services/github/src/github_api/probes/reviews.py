"""Finds reviews and replies of ours whose reply was lost, and reads a pull request for those who approve a write."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe
from api_kit.effect_markers import created

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
REVIEW_SUBMITTED = Probe(submitted)
REVIEW_GONE = Probe(gone)
REPLY_MADE = made(lambda call: f"{repository_of(call)}/pulls/comments?sort=created&direction=desc")
