"""GitHub's issue search: reads a query and says which issues fit.

Terms stand together as AND; several `repo:`, `org:` and `user:` qualifiers at the top level are a union. OR, NOT, AND
and parentheses combine the rest. Words are found without regard to case, by the beginnings of words.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from stand_ins.github.qualifiers import SHA, Hit, Predicate, predicate_of
from stand_ins.github.records import Repository
from stand_ins.github.search_values import Asker, BadQuery, NotAnswered, Scope

MAX_CHARACTERS = 256
MAX_OPERATORS = 5
TOKEN = re.compile(r"""\(|\)|-?[A-Za-z-]+:(?:"[^"]*"|[^\s()"])+|-?"[^"]*"|[^\s()]+""")
WORD = re.compile(r"[^\W_]+")
PLACES = ("title", "body", "comments")
REACTIONS = {"smile": "laugh", "thinking_face": "confused", "tada": "hooray"}
"""The reactions that an order calls by other names."""


def _reacted(*contents: str) -> Callable[[Hit], int]:
    return lambda hit: sum(one.content in contents for one in hit.issue.reactions)


SORTS: dict[str, Callable[[Hit], Any]] = {
    "created": attrgetter("issue.created_at"),
    "updated": attrgetter("issue.updated_at"),
    "comments": lambda hit: len(hit.issue.comments),
    "interactions": lambda hit: len(hit.issue.comments) + len(hit.issue.reactions),
    "reactions": lambda hit: len(hit.issue.reactions),
    **{
        f"reactions-{name}": _reacted(REACTIONS.get(name, name))
        for name in ("+1", "-1", "smile", "thinking_face", "heart", "tada")
    },
}


@dataclass
class Search:
    """A query ready to be asked: whose issues, which of them, and how well each fits."""

    asker: Asker
    fits: Predicate
    scopes: list[Scope] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    sort: str = ""

    def covers(self, repository: Repository) -> bool:
        """Say whether a repository is one of those meant."""
        return not self.scopes or any(one(repository) for one in self.scopes)

    def found(self, repositories: Sequence[Repository]) -> list[Hit]:
        """Return what fits in repositories, in the order that the query asks for, else the best first."""
        world = self.asker.world
        every = [Hit(issue, one, world) for one in repositories for issue in one.issues.values() if not issue.deleted]
        hits = sorted(filter(self.fits, every), key=attrgetter("issue.id"), reverse=True)
        hits.sort(key=self.rank, reverse=True)
        by, ascending = _order(self.sort)
        if by in SORTS:
            hits.sort(key=SORTS[by], reverse=not ascending)
        return hits

    def rank(self, hit: Hit) -> int:
        """Say how well an issue fits: words in the title weigh most."""
        title, rest = hit.issue.title.lower(), (hit.issue.body or "").lower()
        return sum(5 * title.count(word) + rest.count(word) for word in self.words)


def parse(text: str, asker: Asker) -> Search:
    """Read a query.

    Raises:
        BadQuery: too long, too many operators, unbalanced, neither is:issue nor is:pull-request in it, or a value that
            is none or has no answer here.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadQuery("The search is longer than 256 characters.")
    tokens = TOKEN.findall(text)
    if sum(one in {"AND", "OR", "NOT"} for one in tokens) > MAX_OPERATORS:
        raise BadQuery("More than five AND / OR / NOT operators were used.")
    if not any(one.lower() in KINDS for one in tokens):
        raise BadQuery("Query must include 'is:issue' or 'is:pull-request'")
    return _Parser(tokens, asker).search()


KINDS = frozenset(f"{key}:{kind}" for key in ("is", "type") for kind in ("issue", "pr", "pull-request"))


class _Parser:
    def __init__(self, tokens: list[str], asker: Asker) -> None:
        self._tokens = tokens
        self._asker = asker
        self._at = 0
        self._depth = 0
        self._scopes: list[Scope] = []
        self._words: list[str] = []
        self._sort = next((one.partition(":")[2] for one in tokens if one.lower().startswith("sort:")), "")
        named = [one.partition(":")[2].strip('"') for one in tokens if one.lower().startswith("in:")]
        self._places = tuple(place for one in named if one for place in one.lower().split(",")) or PLACES
        if unknown := set(self._places) - set(PLACES):
            raise NotAnswered(f"in:{unknown.pop()}")
        if _order(self._sort)[0] not in ("", "relevance", *SORTS):
            raise NotAnswered(f"sort:{self._sort}")

    def search(self) -> Search:
        fits = self._any()
        if self._at < len(self._tokens):
            raise BadQuery("The search has an unbalanced parenthesis.")
        return Search(self._asker, fits, self._scopes, self._words, self._sort)

    def _any(self) -> Predicate:
        choices = [self._all()]
        while self._peek() == "OR":
            self._at += 1
            choices.append(self._all())
        return choices[0] if len(choices) == 1 else lambda hit: any(one(hit) for one in choices)

    def _all(self) -> Predicate:
        parts: list[Predicate] = []
        while (token := self._peek()) not in {None, ")", "OR"}:
            if token == "AND":  # noqa: S105
                self._at += 1
                continue
            part = self._term()
            if part is not None:
                parts.append(part)
        return lambda hit: all(one(hit) for one in parts)

    def _term(self) -> Predicate | None:
        token = self._tokens[self._at]
        self._at += 1
        if token == "NOT":  # noqa: S105
            return None if self._peek() is None else _negated(self._term())
        if token == "(":  # noqa: S105
            self._depth += 1
            inner = self._any()
            if self._peek() != ")":
                raise BadQuery("The search has an unbalanced parenthesis.")
            self._at += 1
            self._depth -= 1
            return inner
        if token.startswith("-") and len(token) > 1:
            return _negated(self._leaf(token[1:], negated=True))
        return self._leaf(token, negated=False)

    def _leaf(self, token: str, *, negated: bool) -> Predicate | None:
        key, _, value = token.partition(":")
        key = key.lower()
        if negated and value and key in ("in", "sort", "no"):
            raise NotAnswered(f"-{token}")
        if value and key in ("in", "sort"):
            return None
        if value and (scope := self._asker.scope(key, value.strip('"'))) is not None:
            if negated or self._depth:
                return lambda hit: scope(hit.repository)
            self._scopes.append(scope)
            return None
        return predicate_of(key, value, self._asker) or self._text(token)

    def _text(self, token: str) -> Predicate:
        places = self._places
        if token.startswith('"'):
            phrase = token.strip('"').lower()
            return lambda hit: phrase in hit.text(places)
        words = [one.lower() for one in WORD.findall(token)]
        self._words += words
        sha = token.lower() if SHA.fullmatch(token.lower()) else None

        def fits(hit: Hit) -> bool:
            found = WORD.findall(hit.text(places))
            return all(_has(word, found) for word in words) or (sha is not None and hit.has_commit(sha))

        return fits

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def _has(word: str, found: Iterable[str]) -> bool:
    stem = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return any(one.startswith(stem) if len(stem) > 2 else one == stem for one in found)


def _order(asked: str) -> tuple[str, bool]:
    """Return by what `sort:` orders, and whether the least comes first."""
    for end in ("-asc", "-desc"):
        if asked.lower().endswith(end):
            return asked.lower().removesuffix(end), end == "-asc"
    return asked.lower(), False


def _negated(predicate: Callable[[Hit], bool] | None) -> Predicate | None:
    return None if predicate is None else lambda hit: not predicate(hit)
