"""How writes whose reply was lost are found at GitHub, and what those who approve a write see of its issue.

What is created carries the effect's id in an HTML comment, which GitHub keeps and does not show; what is set shows
itself. GitHub ends a request after 10 s (docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api), so
that what cannot be found long after that was never done.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe
from api_kit.paths import encode

from github_api import confirm

GONE_SECONDS = 120.0
PAGES = 3
PER_PAGE = 100
CREATED = 201


def marker(effect: UUID) -> str:
    """Give the hidden text that names an effect."""
    return f"<!-- agent-bot:effect {effect} -->"


def marked(body: Json, effect: UUID) -> Json:
    """Put the marker behind the text."""
    if not isinstance(body, dict):
        return body
    text = body.get("body")
    return {**body, "body": f"{text}\n\n{marker(effect)}" if isinstance(text, str) and text else marker(effect)}


def made_issue() -> Probe:
    """Find an issue that was created."""
    return _made(lambda call: f"{_repository(call)}/issues?state=all&sort=created&direction=desc")


def made_comment() -> Probe:
    """Find a comment that was created."""
    return _made(lambda call: f"{_repository(call)}/issues/comments?sort=created&direction=desc")


def set_issue() -> Probe:
    """See whether an issue is as it was to be."""

    async def find(call: Call, effect: UUID, fetch: Fetch) -> Json:
        issue = await fetch(_issue(call))
        asked = call.body if isinstance(call.body, dict) else {}
        if not isinstance(issue, dict) or confirm.issue_changed(call.body, issue) is not None:
            return None
        texts = {name: value for name, value in asked.items() if name in ("title", "body", "state_reason")}
        return issue if all(issue.get(name) == value for name, value in texts.items()) else None

    return Probe(find)


def set_labels(fits: Callable[[Call, Json], bool]) -> Probe:
    """See whether an issue's labels are as they were to be."""

    async def find(call: Call, effect: UUID, fetch: Fetch) -> Json:
        labels = await fetch(f"{_issue(call)}/labels?per_page={PER_PAGE}")
        return labels if isinstance(labels, list) and fits(call, labels) else None

    return Probe(find)


async def issue_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Give what a change of an issue changes, as it is now, and its title."""
    issue = await fetch(_issue(call))
    if not isinstance(issue, dict):
        return None
    asked = set(call.body) if isinstance(call.body, dict) else {"labels"}
    return {name: _plain(issue.get(name)) for name in sorted({"title", *asked})}


async def issue_commented(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Give what a comment answers: the issue's title and text."""
    issue = await fetch(_issue(call))
    if not isinstance(issue, dict):
        return None
    return {"title": issue.get("title"), "text of the issue": issue.get("body"), "locked": issue.get("locked")}


def _made(listing: Callable[[Call], str]) -> Probe:
    async def find(call: Call, effect: UUID, fetch: Fetch) -> Json:
        own = await fetch("/user")
        login = own.get("login") if isinstance(own, dict) else None
        for page in range(1, PAGES + 1):
            rows = await fetch(f"{listing(call)}&per_page={PER_PAGE}&page={page}")
            found = rows if isinstance(rows, list) else []
            for row in found:
                if isinstance(row, dict) and marker(effect) in str(row.get("body")) and _by(row, login):
                    return row
            if len(found) < PER_PAGE:
                break
        return None

    return Probe(find, mark=marked, gone_after=GONE_SECONDS, status=CREATED)


def _by(row: Mapping[str, Json], login: Json) -> bool:
    """Say whether our own account wrote it; an app's token does not tell who that is."""
    user = row.get("user")
    return login is None or (isinstance(user, dict) and user.get("login") == login)


def _repository(call: Call) -> str:
    return f"/repos/{encode(call.path['owner'])}/{encode(call.path['repo'])}"


def _issue(call: Call) -> str:
    return f"{_repository(call)}/issues/{call.path['number']}"


def _plain(value: Json) -> Json:
    """Give names for what GitHub describes at length."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return value.get("name") or value.get("login") or value.get("number")
    return value
