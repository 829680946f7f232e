"""The qualifiers of an issue search (`label:bug`, `created:>2026-01-01`), each as a test of one issue.

Source: "Searching issues and pull requests" in GitHub's documentation.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from stand_ins.github.accounts import User
from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.reviews import decision
from stand_ins.github.search_values import (
    Asker,
    NotAnswered,
    date_test,
    endings_of,
    is_githubs,
    is_written_in,
    number_test,
)
from stand_ins.github.world import World

PART = re.compile(r'"([^"]*)"|([^,"]+)')
CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:https://github\.com/)?([\w.-]+/[\w.-]+)?(?:#|/issues/)(\d+)",
    re.IGNORECASE,
)
SHA = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True)
class Hit:
    """An issue in its repository."""

    issue: Issue
    repository: Repository
    world: World

    def text(self, places: tuple[str, ...]) -> str:
        """Give the text of the asked places, in lower case."""
        issue = self.issue
        parts = [issue.title] if "title" in places else []
        parts += [issue.body or ""] if "body" in places else []
        parts += [one.body for one in issue.comments] if "comments" in places else []
        return "\n".join(parts).lower()

    def mentions(self, name: str) -> bool:
        """Say whether an account, or a team as `org/team`, is mentioned."""
        return bool(re.search(rf"(?<![\w/-])@{re.escape(name)}(?![\w/-])", self.text(("body", "comments"))))

    def has_commit(self, start: str) -> bool:
        """Say whether it is a pull request with a commit whose id begins so."""
        pull, history = self.issue.pull, self.repository.history
        if pull is None:
            return False
        known = {pull.base_sha, pull.head_sha} <= history.commits.keys()
        commits = [one.sha for one in history.between(pull.base_sha, pull.head_sha)] if known else []
        return any(sha.startswith(start) for sha in (*commits, pull.head_sha, pull.merge_commit_sha or ""))

    def in_project(self, name: str | None = None) -> bool:
        """Say whether it is in a project, or in the one of this `owner/number`."""
        return any(
            item.issue is self.issue
            for project in self.world.projects
            if name in (None, f"{project.owner.login.lower()}/{project.number}")
            for item in project.items
        )

    def closed_numbers(self) -> set[int]:
        """Return the issues of the repository that this pull request closes when it is merged."""
        here, pull = self.repository, self.issue.pull
        if pull is None or pull.base_ref != here.default_branch:
            return set()
        named = CLOSING.findall(self.issue.body or "")
        return {int(number) for name, number in named if (name or here.full_name).lower() == here.full_name.lower()}

    def is_linked_issue(self) -> bool:
        """Say whether it is an issue that a pull request of the repository closes."""
        others = (Hit(one, self.repository, self.world) for one in self.repository.issues.values())
        return self.issue.pull is None and any(self.issue.number in one.closed_numbers() for one in others)

    def is_linked_pull(self) -> bool:
        """Say whether it is a pull request that closes an issue of the repository."""
        issues = self.repository.issues
        return any(number in issues and issues[number].pull is None for number in self.closed_numbers())


Predicate = Callable[[Hit], bool]
Qualifier = Callable[[str, Asker], Predicate]


def predicate_of(key: str, value: str, asker: Asker) -> Predicate | None:
    """Read a qualifier; None for a name that GitHub does not have, which is plain text.

    Raises:
        BadQuery: the value is none, or the stand-in cannot answer it.
    """
    bare = value.strip('"')
    if (known := WORDS.get(f"{key}:{bare.lower()}")) is not None:
        return known
    if key in VALUES and bare:
        return VALUES[key](value if key == "label" else bare, asker)
    if is_githubs(key) and bare:
        raise NotAnswered(f"{key}:{value}")
    return None


def _of_issue(test: Callable[[Issue], object]) -> Predicate:
    return lambda hit: bool(test(hit.issue))


def _of_pull(test: Callable[[Pull], object]) -> Predicate:
    return lambda hit: hit.issue.pull is not None and bool(test(hit.issue.pull))


def _of_repository(test: Callable[[Repository], object]) -> Predicate:
    return lambda hit: bool(test(hit.repository))


def _state(name: str) -> Predicate:
    return lambda hit: hit.issue.state == name


def _reason(name: str) -> Predicate:
    return lambda hit: hit.issue.state_reason == name


def _status(name: str) -> Predicate:
    return lambda hit: bool(hit.issue.pull and hit.repository.actions.state(hit.issue.pull.head_sha) == name)


def _needs_review(hit: Hit) -> bool:
    pull = hit.issue.pull
    return pull is not None and pull.base_ref in hit.repository.protected and decision(pull.reviews) is None


def _never(_: Hit) -> bool:
    return False


ISSUE, PULL = _of_issue(lambda one: one.pull is None), _of_pull(lambda _: True)
DRAFT = _of_pull(lambda one: one.draft)
WORDS: dict[str, Predicate] = {
    **dict.fromkeys(("is:issue", "type:issue"), ISSUE),
    **dict.fromkeys(("is:pr", "is:pull-request", "type:pr", "type:pull-request"), PULL),
    **dict.fromkeys(("is:open", "state:open"), _state("open")),
    **dict.fromkeys(("is:closed", "state:closed"), _state("closed")),
    **dict.fromkeys(("is:draft", "draft:true"), DRAFT),
    "draft:false": _of_pull(lambda one: not one.draft),
    "is:merged": _of_pull(lambda one: one.merged_at),
    "is:unmerged": _of_pull(lambda one: not one.merged_at),
    "is:queued": _never,
    "is:locked": _of_issue(lambda one: one.locked),
    "is:unlocked": _of_issue(lambda one: not one.locked),
    "is:public": _of_repository(lambda one: not one.private),
    "is:private": _of_repository(lambda one: one.private),
    "is:internal": _never,
    "archived:true": _of_repository(lambda one: one.archived),
    "archived:false": _of_repository(lambda one: not one.archived),
    "linked:pr": Hit.is_linked_issue,
    "linked:issue": Hit.is_linked_pull,
    **{f"reason:{name}": _reason(name) for name in ("completed", "duplicate", "reopened")},
    **dict.fromkeys(("reason:not planned", "reason:not_planned"), _reason("not_planned")),
    **{f"status:{name}": _status(name) for name in ("pending", "success", "failure")},
    "review:none": _of_pull(lambda one: all(review.state == "PENDING" for review in one.reviews)),
    "review:required": _needs_review,
    "review:approved": _of_pull(lambda one: decision(one.reviews) == "APPROVED"),
    "review:changes_requested": _of_pull(lambda one: decision(one.reviews) == "CHANGES_REQUESTED"),
    "no:label": _of_issue(lambda one: not one.labels),
    "no:assignee": _of_issue(lambda one: not one.assignees),
    "no:milestone": _of_issue(lambda one: not one.milestone),
    "no:type": _of_issue(lambda one: not one.type),
    "no:project": lambda hit: not hit.in_project(),
    "assignee:*": _of_issue(lambda one: one.assignees),
    "milestone:*": _of_issue(lambda one: one.milestone),
}
"""Qualifiers of which GitHub lists the values. The stand-in has no merge queue and no internal repository."""


def _person(read: Callable[[Issue], Iterable[User]]) -> Qualifier:
    def qualifier(value: str, asker: Asker) -> Predicate:
        login = asker.login(value)
        return lambda hit: login in {one.login.lower() for one in read(hit.issue)}

    return qualifier


def _asked(issue: Issue) -> list[User]:
    return issue.pull.requested_reviewers if issue.pull else []


def _asked_with_teams(issue: Issue) -> list[User]:
    teams = issue.pull.requested_teams if issue.pull else []
    return [*_asked(issue), *(one for team in teams for one in (*team.members, *team.maintainers))]


def _reviewers(issue: Issue) -> list[User]:
    return [one.user for one in issue.pull.reviews if one.state != "PENDING"] if issue.pull else []


def _mentions(value: str, asker: Asker) -> Predicate:
    login = asker.login(value)
    return lambda hit: hit.mentions(login)


def _involves(value: str, asker: Asker) -> Predicate:
    ways = [VALUES[name](value, asker) for name in ("author", "assignee", "mentions", "commenter")]
    return lambda hit: any(one(hit) for one in ways)


def _team_asked(value: str, _: Asker) -> Predicate:
    wanted = value.lower()
    return _of_pull(
        lambda pull: any(f"{one.organization.login}/{one.slug}".lower() == wanted for one in pull.requested_teams)
    )


def _label(value: str, _: Asker) -> Predicate:
    wanted = {(quoted or plain).strip().lower() for quoted, plain in PART.findall(value)}
    return lambda hit: any(one.name.lower() in wanted for one in hit.issue.labels)


def _language(value: str, _: Asker) -> Predicate:
    endings_of(value)
    return lambda hit: is_written_in(hit.repository, value)


def _count(key: str, read: Callable[[Issue], int]) -> Qualifier:
    def qualifier(value: str, _: Asker) -> Predicate:
        test = number_test(key, value)
        return lambda hit: test(read(hit.issue))

    return qualifier


def _when(read: Callable[[Issue], datetime | None]) -> Qualifier:
    def qualifier(value: str, _: Asker) -> Predicate:
        test = date_test(value)
        return lambda hit: test(read(hit.issue))

    return qualifier


def _named(read: Callable[[Issue], str | None]) -> Qualifier:
    return lambda value, _: lambda hit: (read(hit.issue) or "").lower() == value.lower()


VALUES: dict[str, Qualifier] = {
    "type": _named(lambda issue: issue.type.name if issue.type else None),
    "milestone": _named(lambda issue: issue.milestone.title if issue.milestone else None),
    "label": _label,
    "language": _language,
    "author": _person(lambda issue: [issue.user]),
    "assignee": _person(lambda issue: issue.assignees),
    "commenter": _person(lambda issue: [one.user for one in issue.comments]),
    "mentions": _mentions,
    "involves": _involves,
    "team": lambda value, _: lambda hit: hit.mentions(value.lower().removeprefix("@")),
    "reviewed-by": _person(_reviewers),
    "review-requested": _person(_asked_with_teams),
    "user-review-requested": _person(_asked),
    "team-review-requested": _team_asked,
    "project": lambda value, _: lambda hit: hit.in_project(value.lower()),
    "base": lambda value, _: _of_pull(lambda pull: pull.base_ref == value),
    "head": lambda value, _: _of_pull(lambda pull: pull.head_ref.startswith(value)),
    "comments": _count("comments", lambda issue: len(issue.comments)),
    "reactions": _count("reactions", lambda issue: len(issue.reactions)),
    "interactions": _count("interactions", lambda issue: len(issue.comments) + len(issue.reactions)),
    "created": _when(lambda issue: issue.created_at),
    "updated": _when(lambda issue: issue.updated_at),
    "closed": _when(lambda issue: issue.closed_at),
    "merged": _when(lambda issue: issue.pull.merged_at if issue.pull else None),
}
"""Qualifiers that take a name, a number or a date."""
