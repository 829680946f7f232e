"""Finds writes to issues whose reply was lost, and reads an issue for those who approve a write to it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe

from github_api.confirm import issues as confirm
from github_api.probes.own_account import PER_PAGE, made, repository_of


async def changed_issue(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return an issue that is as the write asked; None if it is not."""
    issue = await fetch(issue_path(call))
    asked = call.body if isinstance(call.body, dict) else {}
    if not isinstance(issue, dict) or confirm.issue_changed(call.body, issue) is not None:
        return None
    texts = {name: value for name, value in asked.items() if name in ("title", "body", "state_reason")}
    return issue if all(issue.get(name) == value for name, value in texts.items()) else None


def set_labels(fits: Callable[[Call, Json], bool]) -> Probe:
    """Return a probe that finds labels which are as the write asked."""

    async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
        labels = await fetch(f"{issue_path(call)}/labels?per_page={PER_PAGE}")
        return labels if isinstance(labels, list) and fits(call, labels) else None

    return Probe(find)


def set_assignees(missing: Callable[[Json, Json], str | None]) -> Probe:
    """Return a probe that finds an issue whose assignees are as the write asked."""

    async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
        issue = await fetch(issue_path(call))
        return issue if isinstance(issue, dict) and missing(call.body, issue) is None else None

    return Probe(find)


async def issue_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the fields of an issue that a write changes, as they are now, and its title."""
    issue = await fetch(issue_path(call))
    if not isinstance(issue, dict):
        return None
    asked = set(call.body) if isinstance(call.body, dict) else {"labels"}
    return {name: _plain(issue.get(name)) for name in sorted({"title", *asked})}


async def issue_commented(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the title and text of the issue that a comment answers."""
    issue = await fetch(issue_path(call))
    if not isinstance(issue, dict):
        return None
    return {"title": issue.get("title"), "text of the issue": issue.get("body"), "locked": issue.get("locked")}


def issue_path(call: Call) -> str:
    """Return the path of the issue that a call is about."""
    return f"{repository_of(call)}/issues/{call.path['number']}"


def _plain(value: Json) -> Json:
    """Return the names of labels, users and milestones, which GitHub describes at length."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return value.get("name") or value.get("login") or value.get("number")
    return value


ISSUE_MADE = made(lambda call: f"{repository_of(call)}/issues?state=all&sort=created&direction=desc")
COMMENT_MADE = made(lambda call: f"{repository_of(call)}/issues/comments?sort=created&direction=desc")
ISSUE_CHANGED = Probe(changed_issue)
