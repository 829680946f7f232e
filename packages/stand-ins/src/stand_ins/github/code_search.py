"""GitHub's code search of its REST API: reads a query and says which files fit.

It is the older syntax: words, quoted texts and qualifiers, all of which must fit. Only default branches are searched,
and only files below 384 KB. Source: "Searching code (legacy)" in GitHub's documentation.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from stand_ins.github.records import Repository
from stand_ins.github.search import MAX_CHARACTERS
from stand_ins.github.search_values import Asker, BadQuery, NotAnswered, Scope, endings_of, is_githubs

MOST_BYTES = 384 * 1024
TOKEN = re.compile(r"""-?[A-Za-z]+:"[^"]*"|"[^"]*"|\S+""")
WORD = re.compile(r"\w+")
PLACES = frozenset({"file", "path"})
Predicate = Callable[[str], bool]
QUALIFIERS: dict[str, Callable[[str], Predicate]] = {
    "path": lambda value: lambda path: path.lower().startswith(value.strip("/").lower()),
    "filename": lambda value: lambda path: value.lower() in path.rpartition("/")[2].lower(),
    "extension": lambda value: lambda path: path.lower().endswith(f".{value.lower().lstrip('.')}"),
    "language": lambda value: _ends(endings_of(value)),
}


@dataclass
class CodeSearch:
    """A query ready to be asked: whose files, which of them by their path, and the words in them."""

    scopes: list[Scope] = field(default_factory=list)
    paths: list[Predicate] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    places: frozenset[str] = frozenset({"file"})

    def covers(self, repository: Repository) -> bool:
        """Say whether a repository is one of those meant."""
        return not self.scopes or any(one(repository) for one in self.scopes)

    def matches(self, path: str, content: bytes) -> bool:
        """Say whether a file fits."""
        if len(content) >= MOST_BYTES or b"\0" in content:
            return False
        text = f"{path}\n" if "path" in self.places else ""
        text += content.decode() if "file" in self.places else ""
        return all(one(path) for one in self.paths) and all(word in text.lower() for word in self.words)

    def rank(self, content: bytes) -> int:
        """Say how well a file fits."""
        text = content.decode().lower()
        return sum(text.count(word) for word in self.words)


def parse(text: str, asker: Asker) -> CodeSearch:
    """Read a query.

    Raises:
        BadQuery: it is too long, no word is in it, or a qualifier has no answer here.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadQuery("The search is longer than 256 characters.")
    search = CodeSearch()
    for token in TOKEN.findall(text):
        if not _qualify(search, token, asker):
            phrase = token.startswith('"')
            search.words += [token.strip('"').lower()] if phrase else [one.lower() for one in WORD.findall(token)]
    if not search.words:
        raise BadQuery("Must include at least one user, organization, or repository and one search term.")
    return search


def _qualify(search: CodeSearch, token: str, asker: Asker) -> bool:
    """Narrow a search by a qualifier; False for plain text."""
    name, _, value = token.partition(":")
    key, negated, value = name.lower().removeprefix("-"), name.startswith("-"), value.strip('"')
    if not value or not is_githubs(key):
        return False
    places = frozenset(value.lower().split(","))
    if key in QUALIFIERS:
        test = QUALIFIERS[key](value)
        search.paths.append(_negated(test) if negated else test)
    elif key == "in" and places <= PLACES and not negated:
        search.places = places
    elif (scope := asker.scope(key, value)) is not None and not negated:
        search.scopes.append(scope)
    else:
        raise NotAnswered(token)
    return True


def _ends(endings: tuple[str, ...]) -> Predicate:
    return lambda path: path.lower().endswith(endings)


def _negated(test: Predicate) -> Predicate:
    return lambda path: not test(path)
