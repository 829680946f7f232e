"""What all of GitHub's searches share: who asks, the values of qualifiers, and what is refused."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stand_ins.github.accounts import Role, User
from stand_ins.github.records import Repository
from stand_ins.github.world import World

NOBODY = (
    "The listed users cannot be searched either because the users do not exist "
    "or you do not have permission to view the users."
)
GITHUBS = frozenset((
    "archived", "assignee", "author", "base", "blocked-by", "blocking", "closed", "commenter", "comments",
    "created", "draft", "enterprise", "extension", "filename", "followers", "fork", "forks", "fullname",
    "good-first-issues", "has", "head", "help-wanted-issues", "in", "interactions", "involves", "is", "label",
    "language", "license", "linked", "location", "mentions", "merged", "milestone", "mirror", "no", "org", "owner",
    "parent-issue", "path", "project", "pushed", "reactions", "reason", "repo", "repos", "review",
    "review-requested", "reviewed-by", "size", "sort", "stars", "state", "status", "sub-issue", "team",
    "team-review-requested", "template", "topic", "topics", "type", "updated", "user", "user-review-requested",
))  # fmt: skip
"""The qualifiers of all searches of GitHub: a search refuses those that it does not answer; any other is plain text."""
COMPARED = re.compile(r"(>=|<=|>|<)?(.+)")
COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, None: operator.eq}
EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
LANGUAGES = {
    "python": (".py",),
    "javascript": (".js",),
    "typescript": (".ts",),
    "go": (".go",),
    "rust": (".rs",),
    "ruby": (".rb",),
    "java": (".java",),
    "c": (".c", ".h"),
    "shell": (".sh",),
    "html": (".html",),
    "css": (".css",),
    "markdown": (".md",),
    "yaml": (".yaml", ".yml"),
}
TEXTS = frozenset({"markdown", "yaml"})
"""Languages that say nothing of what a repository is written in."""
Scope = Callable[[Repository], bool]


class BadQuery(Exception):
    """The caller acts: the query is none, in GitHub's words."""


class NotAnswered(BadQuery):
    """The caller acts: GitHub answers this part of the query, and the stand-in cannot."""

    def __init__(self, part: str) -> None:
        super().__init__(f"The stand-in GitHub does not answer {part!r} in this search; GitHub may.")


@dataclass(frozen=True)
class Asker:
    """Who searches, and where; `user` is None without a token."""

    world: World
    user: User | None

    def login(self, name: str) -> str:
        """Return the login that is meant, in lower case: `@me` is the token's account, `app/NAME` the bot of an App.

        Raises:
            BadQuery: nobody has it.
        """
        login = name.lower()
        if login == "@me":
            login = self.user.login.lower() if self.user else ""
        elif login.startswith("app/"):
            login = f"{login.removeprefix('app/')}[bot]"
        login = login.removeprefix("@")
        if login not in self.world.users:
            raise BadQuery(NOBODY)
        return login

    def readable(self) -> list[Repository]:
        """Return the repositories that may be read."""
        return [one for one in self.world.repositories.values() if self.world.role(one, self.user) >= Role.read]

    def scope(self, key: str, value: str) -> Scope | None:
        """Read a qualifier that says whose things are meant; None for any other."""
        wanted = value.lower()
        if key == "repo":
            return lambda repository: repository.full_name.lower() == wanted
        if key in {"org", "user"}:
            wanted = self.login(value) if wanted == "@me" else wanted
            return lambda repository: repository.owner.login.lower() == wanted
        return None


def is_githubs(key: str) -> bool:
    """Say whether GitHub has a qualifier; any other is plain text."""
    return key in GITHUBS or key.startswith("props.")


def number_test(key: str, value: str) -> Callable[[int], bool]:
    """Read a number, a bound (`>10`) or a range (`10..20`, `10..*`)."""
    first, dots, last = value.partition("..")
    found = COMPARED.fullmatch(value)
    if dots and all(one == "*" or _is_number(one) for one in (first, last)):
        least, most = (None if one == "*" else int(one) for one in (first, last))
        return lambda number: (least is None or number >= least) and (most is None or number <= most)
    if found is None or not _is_number(found[2]):
        raise NotAnswered(f"{key}:{value}")
    compare, bound = COMPARE[found[1]], int(found[2])
    return lambda number: bool(compare(number, bound))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def date_test(value: str) -> Callable[[datetime | None], bool]:
    """Read a day or a time, a bound (`>=2026-01-31`) or a range of them."""
    start, end = _span(value)
    return lambda at: at is not None and start <= at < end


def _span(value: str) -> tuple[datetime, datetime]:
    first, dots, last = value.partition("..")
    if dots:
        start = EVER[0] if first == "*" else _moment(first)[0]
        return start, EVER[1] if last == "*" else _moment(last)[1]
    found = COMPARED.fullmatch(value)
    start, end = _moment(found[2] if found else value)
    spans = {">=": (start, EVER[1]), ">": (end, EVER[1]), "<=": (EVER[0], end), "<": (EVER[0], start)}
    return spans.get(found[1] if found else "", (start, end))


def _moment(text: str) -> tuple[datetime, datetime]:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        wanted = "Please provide an ISO 8601 date/time value, such as YYYY-MM-DD."
        raise BadQuery(f'"{text}" is not a recognized date/time format. {wanted}') from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at, at + (timedelta(days=1) if "T" not in text else timedelta(seconds=1))


def endings_of(language: str) -> tuple[str, ...]:
    """Return how names of files of a language end."""
    if language.lower() not in LANGUAGES:
        raise NotAnswered(f"language:{language}")
    return LANGUAGES[language.lower()]


def is_written_in(repository: Repository, language: str) -> bool:
    """Say whether most of a repository's code is of a language."""
    sizes = {
        name: sum(len(content) for path, content in repository.files.items() if path.lower().endswith(endings))
        for name, endings in LANGUAGES.items()
        if name not in TEXTS
    }
    return sizes.get(language.lower(), 0) == max(sizes.values()) > 0
