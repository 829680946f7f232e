"""GitHub's code search of its REST API: reads a query and says which files fit.

It is the older syntax: words, quoted texts and qualifiers, all of which must fit. Only default branches are searched,
and only files below 384 KB. Source: "Searching code (legacy)" in GitHub's documentation.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from stand_ins.github.qualifiers import Scope, scope_of
from stand_ins.github.records import Repository
from stand_ins.github.search import MAX_CHARACTERS, BadQuery

MOST_BYTES = 384 * 1024
TOKEN = re.compile(r"""-?[A-Za-z]+:"[^"]*"|"[^"]*"|\S+""")
WORD = re.compile(r"\w+")
LANGUAGES = {"python": (".py",), "markdown": (".md",), "yaml": (".yaml", ".yml"), "javascript": (".js",)}
Predicate = Callable[[str], bool]
QUALIFIERS: dict[str, Callable[[str], Predicate]] = {
    "path": lambda value: lambda path: path.lower().startswith(value.strip("/").lower()),
    "filename": lambda value: lambda path: value.lower() in path.rpartition("/")[2].lower(),
    "extension": lambda value: lambda path: path.lower().endswith(f".{value.lower().lstrip('.')}"),
    "language": lambda value: lambda path: path.lower().endswith(LANGUAGES.get(value.lower(), ("\0",))),
}


@dataclass
class CodeSearch:
    """A query ready to be asked: whose files, which of them by their path, and the words in them."""

    scopes: list[Scope] = field(default_factory=list)
    paths: list[Predicate] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    in_path: bool = False

    def covers(self, repository: Repository) -> bool:
        """Say whether a repository is one of those meant."""
        return not self.scopes or any(one(repository) for one in self.scopes)

    def matches(self, path: str, content: bytes) -> bool:
        """Say whether a file fits."""
        if len(content) >= MOST_BYTES or b"\0" in content:
            return False
        text = path.lower() if self.in_path else content.decode().lower()
        return all(one(path) for one in self.paths) and all(word in text for word in self.words)

    def rank(self, content: bytes) -> int:
        """Say how well a file fits."""
        text = content.decode().lower()
        return sum(text.count(word) for word in self.words)


def parse(text: str) -> CodeSearch:
    """Read a query.

    Raises:
        BadQuery: it is too long, or no word is in it.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadQuery("The search is longer than 256 characters.")
    search = CodeSearch()
    for token in TOKEN.findall(text):
        key, colon, value = token.partition(":")
        key, value = key.lower(), value.strip('"')
        if colon and (scope := scope_of(key, value)) is not None:
            search.scopes.append(scope)
        elif colon and key == "in":
            search.in_path = value == "path"
        elif colon and key.lstrip("-") in QUALIFIERS:
            test = QUALIFIERS[key.lstrip("-")](value)
            search.paths.append(_negated(test) if key.startswith("-") else test)
        elif token.startswith('"'):
            search.words.append(token.strip('"').lower())
        else:
            search.words += [word.lower() for word in WORD.findall(token)]
    if not search.words:
        raise BadQuery("Must include at least one user, organization, or repository and one search term.")
    return search


def _negated(test: Predicate) -> Predicate:
    return lambda path: not test(path)
