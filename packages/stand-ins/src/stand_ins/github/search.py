"""GitHub's issue search: reads a query and says which issues fit.

Terms stand together as AND; several `repo:`, `org:` and `user:` qualifiers at the top level are a union. OR, NOT, AND
and parentheses combine the rest. Words are found without regard to case, by the beginnings of words.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stand_ins.github.qualifiers import QUALIFIERS, Hit, Predicate, Scope, scope_of
from stand_ins.github.records import Repository

MAX_CHARACTERS = 256
MAX_OPERATORS = 5
TOKEN = re.compile(r"""\(|\)|-?[A-Za-z-]+:"[^"]*"|-?"[^"]*"|[^\s()]+""")
WORD = re.compile(r"[^\W_]+")
PLACES = ("title", "body", "comments")


class BadQuery(Exception):
    """The caller acts: the query is none, in GitHub's words."""


@dataclass
class Search:
    """A query ready to be asked: whose issues, which of them, and how well each fits."""

    fits: Predicate
    scopes: list[Scope] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    sort: str = ""

    def covers(self, repository: Repository) -> bool:
        """Say whether a repository is one of those meant."""
        return not self.scopes or any(one(repository) for one in self.scopes)

    def matches(self, hit: Hit) -> bool:
        """Say whether an issue fits."""
        return self.covers(hit.repository) and self.fits(hit)

    def rank(self, hit: Hit) -> int:
        """Say how well an issue fits: words in the title weigh most."""
        title, rest = hit.issue.title.lower(), (hit.issue.body or "").lower()
        return sum(5 * title.count(word) + rest.count(word) for word in self.words)


def parse(text: str) -> Search:
    """Read a query.

    Raises:
        BadQuery: too long, too many operators, unbalanced, or neither is:issue nor is:pull-request in it.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadQuery("The search is longer than 256 characters.")
    tokens = TOKEN.findall(text)
    if sum(one in {"AND", "OR", "NOT"} for one in tokens) > MAX_OPERATORS:
        raise BadQuery("More than five AND / OR / NOT operators were used.")
    if not any(one.lower() in KINDS for one in tokens):
        raise BadQuery("Query must include 'is:issue' or 'is:pull-request'")
    return _Parser(tokens).search()


KINDS = frozenset(f"{key}:{kind}" for key in ("is", "type") for kind in ("issue", "pr", "pull-request"))


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._scopes: list[Scope] = []
        self._words: list[str] = []
        self._sort = next((one.partition(":")[2] for one in tokens if one.lower().startswith("sort:")), "")
        named = [one.partition(":")[2].strip('"') for one in tokens if one.lower().startswith("in:")]
        places = tuple(place for one in named for place in one.lower().split(",") if place in PLACES)
        self._places = places or PLACES

    def search(self) -> Search:
        fits = self._any()
        if self._at < len(self._tokens):
            raise BadQuery("The search has an unbalanced parenthesis.")
        return Search(fits, self._scopes, self._words, self._sort)

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
        key, colon, value = token.partition(":")
        key, value = key.lower(), value.strip('"')
        if colon and key in ("in", "sort"):
            return None
        if colon and (scope := scope_of(key, value)) is not None:
            if negated or self._depth:
                return lambda hit: scope(hit.repository)
            self._scopes.append(scope)
            return None
        if colon and key in QUALIFIERS:
            return QUALIFIERS[key](value)
        return self._text(token)

    def _text(self, token: str) -> Predicate:
        places = self._places
        if token.startswith('"'):
            phrase = token.strip('"').lower()
            return lambda hit: phrase in hit.text(places)
        words = [one.lower() for one in WORD.findall(token)]
        self._words += words
        return lambda hit: all(_has(word, WORD.findall(hit.text(places))) for word in words)

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def _has(word: str, found: Iterable[str]) -> bool:
    stem = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return any(one.startswith(stem) if len(stem) > 2 else one == stem for one in found)


def _negated(predicate: Callable[[Hit], bool] | None) -> Predicate | None:
    return None if predicate is None else lambda hit: not predicate(hit)
