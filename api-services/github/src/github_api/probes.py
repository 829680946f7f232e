"""Finds writes at GitHub whose reply was lost, and reads an issue for those who approve a write to it.

GitHub ends a request after 10 s (docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api). So a write
that cannot be found long after that was never done.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe
from api_kit.effect_markers import Own, created
from api_kit.errors import Refusal
from api_kit.paths import encode

from github_api import confirm

GONE_SECONDS = 120.0
PER_PAGE = 100
APPS_REFUSAL = "Resource not accessible by integration"
"""What GitHub answers, with 403, to an app's token that asks who it is (docs.github.com/en/rest/users/users)."""


async def changed_issue(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return an issue that is as the write asked; None if it is not."""
    issue = await fetch(_issue(call))
    asked = call.body if isinstance(call.body, dict) else {}
    if not isinstance(issue, dict) or confirm.issue_changed(call.body, issue) is not None:
        return None
    texts = {name: value for name, value in asked.items() if name in ("title", "body", "state_reason")}
    return issue if all(issue.get(name) == value for name, value in texts.items()) else None


def set_labels(fits: Callable[[Call, Json], bool]) -> Probe:
    """Return a probe that finds labels which are as the write asked."""

    async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
        labels = await fetch(f"{_issue(call)}/labels?per_page={PER_PAGE}")
        return labels if isinstance(labels, list) and fits(call, labels) else None

    return Probe(find)


async def issue_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the fields of an issue that a write changes, as they are now, and its title."""
    issue = await fetch(_issue(call))
    if not isinstance(issue, dict):
        return None
    asked = set(call.body) if isinstance(call.body, dict) else {"labels"}
    return {name: _plain(issue.get(name)) for name in sorted({"title", *asked})}


async def issue_commented(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the title and text of the issue that a comment answers."""
    issue = await fetch(_issue(call))
    if not isinstance(issue, dict):
        return None
    return {"title": issue.get("title"), "text of the issue": issue.get("body"), "locked": issue.get("locked")}


def _made(listing: Callable[[Call], str]) -> Probe:
    def page_of(call: Call, page: int) -> str:
        return f"{listing(call)}&per_page={PER_PAGE}&page={page}"

    return created(page_of, field="body", per_page=PER_PAGE, own=_own, settle_window=GONE_SECONDS, made="created_at")


async def login(fetch: Fetch) -> str | None:
    """Return the login of the account whose token this is; None for an app's token, which does not tell.

    Raises:
        Refusal: GitHub cannot be asked now.
    """
    try:
        user = await fetch("/user")
    except Refusal as refusal:
        if APPS_REFUSAL not in refusal.message:
            raise
        user = None
    name = user.get("login") if isinstance(user, dict) else None
    return name if isinstance(name, str) else None


async def _own(fetch: Fetch) -> Own:
    """Ask who we are; where GitHub does not tell, anybody's counts."""
    name = await login(fetch)

    def is_own(row: Mapping[str, Json]) -> bool:
        author = row.get("user")
        return name is None or (isinstance(author, dict) and author.get("login") == name)

    return is_own


def _repository(call: Call) -> str:
    return f"/repos/{encode(call.path['owner'])}/{encode(call.path['repo'])}"


def _issue(call: Call) -> str:
    return f"{_repository(call)}/issues/{call.path['number']}"


def _plain(value: Json) -> Json:
    """Return the names of labels, users and milestones, which GitHub describes at length."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return value.get("name") or value.get("login") or value.get("number")
    return value


ISSUE_MADE = _made(lambda call: f"{_repository(call)}/issues?state=all&sort=created&direction=desc")
COMMENT_MADE = _made(lambda call: f"{_repository(call)}/issues/comments?sort=created&direction=desc")
ISSUE_CHANGED = Probe(changed_issue)
