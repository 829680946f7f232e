"""What happened to an issue, as far as the stand-in knows it: who mentions it, and that it was closed."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from starlette.responses import Response

from stand_ins.github.accounts import Role, User
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.records import Issue, Repository
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.issue import issue_json, issue_url
from stand_ins.github.shapes.repository import repository_json

MENTION = re.compile(r"(?<![\w/])([\w.-]+/[\w.-]+)?#(\d+)\b")


async def list_timeline(ask: Ask) -> Response:
    """List the events, oldest first."""
    issue = ask.issue()
    events = [_mentioned(ask, one, where) for one, where in _mentions(ask, issue)]
    if issue.closed_at is not None:
        events.append(_closed(ask, issue, issue.closed_at, issue.closed_by or issue.user))
    events.sort(key=lambda one: str(one["created_at"]))
    return ask.page(events, lambda one: one)


def _mentions(ask: Ask, issue: Issue) -> Iterator[tuple[Issue, Repository]]:
    for repository in ask.world.repositories.values():
        if ask.world.role(repository, ask.user) < Role.read:
            continue
        for one in repository.issues.values():
            for name, number in MENTION.findall(one.body or ""):
                full_name = (name or repository.full_name).lower()
                if one is not issue and (full_name, int(number)) == (ask.repository.full_name.lower(), issue.number):
                    yield one, repository
                    break


def _mentioned(ask: Ask, source: Issue, repository: Repository) -> dict[str, Any]:
    shape = issue_json(source, repository, ask.world, ask.base)
    shape["repository"] = repository_json(repository, ask.base)
    at = stamp(source.created_at)
    return {
        "event": "cross-referenced",
        "actor": simple_user(source.user, ask.base),
        "created_at": at,
        "updated_at": at,
        "source": {"type": "issue", "issue": shape},
    }


def _closed(ask: Ask, issue: Issue, at: datetime, by: User) -> dict[str, Any]:
    return {
        "id": issue.id,
        "node_id": node_id("CE", issue.id),
        "url": f"{issue_url(issue, ask.repository, ask.base)}/events/{issue.id}",
        "actor": simple_user(by, ask.base),
        "event": "closed",
        "commit_id": None,
        "commit_url": None,
        "created_at": stamp(at),
        "performed_via_github_app": None,
        "state_reason": issue.state_reason,
    }


OPERATIONS = (
    Operation(
        "GET",
        "/issues/{issue_number:int}/timeline",
        list_timeline,
        "issues/timeline#list-timeline-events-for-an-issue",
        "issues",
    ),
)
