"""The qualifiers of an issue search (`label:bug`, `created:>2026-01-01`), each as a test of one issue."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stand_ins.github.accounts import User
from stand_ins.github.records import Issue, Pull, Repository

COMPARED = re.compile(r"(>=|<=|>|<)?(.+)")
COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, None: operator.eq}


@dataclass(frozen=True)
class Hit:
    """An issue in its repository."""

    issue: Issue
    repository: Repository

    def text(self, places: tuple[str, ...]) -> str:
        """Give the text of the asked places, in lower case."""
        issue = self.issue
        parts = [issue.title] if "title" in places else []
        parts += [issue.body or ""] if "body" in places else []
        parts += [one.body for one in issue.comments] if "comments" in places else []
        return "\n".join(parts).lower()


Predicate = Callable[[Hit], bool]
Scope = Callable[[Repository], bool]


def scope_of(key: str, value: str) -> Scope | None:
    """Read a qualifier that says whose issues are meant; None for any other."""
    wanted = value.lower()
    if key == "repo":
        return lambda repository: repository.full_name.lower() == wanted
    if key in {"org", "user"}:
        return lambda repository: repository.owner.login.lower() == wanted
    return None


def _is(value: str) -> Predicate:
    tests: dict[str, Predicate] = {
        "issue": lambda hit: hit.issue.pull is None,
        "pr": lambda hit: hit.issue.pull is not None,
        "pull-request": lambda hit: hit.issue.pull is not None,
        "open": lambda hit: hit.issue.state == "open",
        "closed": lambda hit: hit.issue.state == "closed",
        "merged": lambda hit: bool(hit.issue.pull and hit.issue.pull.merged_at),
        "unmerged": lambda hit: bool(hit.issue.pull and not hit.issue.pull.merged_at),
        "draft": lambda hit: bool(hit.issue.pull and hit.issue.pull.draft),
        "locked": lambda hit: hit.issue.locked,
        "public": lambda hit: not hit.repository.private,
        "private": lambda hit: hit.repository.private,
    }
    return tests.get(value.lower(), lambda _: False)


def _label(value: str) -> Predicate:
    wanted = {one.strip().strip('"').lower() for one in value.split(",")}
    return lambda hit: any(one.name.lower() in wanted for one in hit.issue.labels)


def _person(read: Callable[[Issue], list[User]]) -> Callable[[str], Predicate]:
    return lambda value: lambda hit: value.lower().lstrip("@") in {one.login.lower() for one in read(hit.issue)}


def _involves(issue: Issue) -> list[User]:
    return [issue.user, *issue.assignees, *(one.user for one in issue.comments)]


def _mentions(value: str) -> Predicate:
    return lambda hit: f"@{value.lower().lstrip('@')}" in hit.text(("body", "comments"))


def _no(value: str) -> Predicate:
    tests: dict[str, Predicate] = {
        "label": lambda hit: not hit.issue.labels,
        "assignee": lambda hit: not hit.issue.assignees,
        "milestone": lambda hit: not hit.issue.milestone,
        "type": lambda hit: not hit.issue.type,
    }
    return tests.get(value.lower(), lambda _: False)


def _milestone(value: str) -> Predicate:
    return lambda hit: hit.issue.milestone is not None and hit.issue.milestone.title.lower() == value.lower()


def _type(value: str) -> Predicate:
    """Read a kind of thread, as `is` does, or the name of a type of issues."""
    if value.lower() in {"issue", "pr", "pull-request"}:
        return _is(value)
    return lambda hit: hit.issue.type is not None and hit.issue.type.name.lower() == value.lower()


def _reason(value: str) -> Predicate:
    return lambda hit: hit.issue.state_reason == value.lower().replace(" ", "_")


def _comments(value: str) -> Predicate:
    found = COMPARED.fullmatch(value)
    if found is None or not (found[2].isascii() and found[2].isdigit()):
        return lambda _: False
    return lambda hit: bool(COMPARE[found[1]](len(hit.issue.comments), int(found[2])))


def _when(read: Callable[[Issue], datetime | None]) -> Callable[[str], Predicate]:
    def qualifier(value: str) -> Predicate:
        span = _span(value)
        if span is None:
            return lambda _: False
        start, end = span
        return lambda hit: (at := read(hit.issue)) is not None and start <= at < end

    return qualifier


def _span(value: str) -> tuple[datetime, datetime] | None:
    first, dots, last = value.partition("..")
    try:
        if dots:
            start = _moment(first)[0] if first != "*" else _EVER[0]
            return start, _moment(last)[1] if last != "*" else _EVER[1]
        found = COMPARED.fullmatch(value)
        if found is None:
            return None
        start, end = _moment(found[2])
    except ValueError:
        return None
    spans = {">=": (start, _EVER[1]), ">": (end, _EVER[1]), "<=": (_EVER[0], end), "<": (_EVER[0], start)}
    return spans.get(found[1], (start, end))


_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def _moment(text: str) -> tuple[datetime, datetime]:
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at, at + (timedelta(days=1) if "T" not in text else timedelta(seconds=1))


def _branch(read: Callable[[Pull], str]) -> Callable[[str], Predicate]:
    return lambda value: lambda hit: hit.issue.pull is not None and read(hit.issue.pull) == value


QUALIFIERS: dict[str, Callable[[str], Predicate]] = {
    "is": _is,
    "type": _type,
    "milestone": _milestone,
    "state": _is,
    "label": _label,
    "author": _person(lambda issue: [issue.user]),
    "assignee": _person(lambda issue: issue.assignees),
    "commenter": _person(lambda issue: [one.user for one in issue.comments]),
    "involves": _person(_involves),
    "mentions": _mentions,
    "no": _no,
    "base": _branch(lambda pull: pull.base_ref),
    "head": _branch(lambda pull: pull.head_ref),
    "reason": _reason,
    "comments": _comments,
    "created": _when(lambda issue: issue.created_at),
    "updated": _when(lambda issue: issue.updated_at),
    "closed": _when(lambda issue: issue.closed_at),
}
