"""Search texts: the caller's words stay, the scope is ours. The caller may choose within the grant and nothing else."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from api_kit.errors import Refusal
from api_kit.paths import is_control

OPERATORS = frozenset({"AND", "OR", "NOT"})
Where = Literal["query", "body"]


class Search(Protocol):
    """How a vendor's search is confined to resources; what it finds is checked by the route's `reply_resources`."""

    @property
    def where(self) -> Where:
        """Whether the text is in the query or in a JSON body."""

    @property
    def parameter(self) -> str:
        """Which parameter holds the text, or which place in the body."""

    @property
    def kind(self) -> str:
        """The kind of resources to which the scope confines."""

    @property
    def choice(self) -> str:
        """How a caller writes its own choice of a resource, for a refusal's remedy."""

    def read(self, text: str) -> tuple[str, list[str]]:
        """Check a text, and return what is kept of it and the resources that it chose.

        Raises:
            Refusal: `search_scope` or `search_syntax`: the text could leave the scope.
        """

    def build(self, words: str, names: Sequence[str]) -> str:
        """Return the text that is sent: what was kept, confined to the named resources."""


@dataclass(frozen=True)
class QualifierSearch:
    """A search text of words and qualifiers, such as GitHub's `repo:octocat/hello crash`.

    Attributes:
        parameter: the parameter that holds the text.
        qualifier: the qualifier that the gateway adds once for each resource, such as `repo`.
        kind: the kind of resources that the qualifier names.
        scopes: all qualifiers that could widen or move the scope; refused, the gateway's own form excepted.
        where: whether the parameter is in the query or in the body.
    """

    parameter: str
    qualifier: str
    kind: str
    scopes: frozenset[str]
    where: Where = "query"

    @property
    def choice(self) -> str:
        """How a resource is chosen."""
        return f"{self.qualifier}:NAME"

    def read(self, text: str) -> tuple[str, list[str]]:
        """Split a text into the caller's words and the resources that it chose by whole `qualifier:name` words.

        The words come back in the compatible Unicode form (NFKC) without invisible characters, so that what is
        checked here is what the vendor reads.

        Raises:
            Refusal: `search_scope` or `search_syntax`.
        """
        plain = as_the_vendor_reads(text)
        words: list[str] = []
        chosen: list[str] = []
        choice = re.compile(re.escape(self.qualifier) + r":([A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)")
        for word in _words(plain):
            match = choice.fullmatch(word)
            if match is None:
                self._check(word)
                words.append(word)
            elif match[1] not in chosen:
                chosen.append(match[1])
        return " ".join(words), chosen

    def build(self, words: str, names: Sequence[str]) -> str:
        """Put the scope before the caller's words."""
        return " ".join([*(f"{self.qualifier}:{name}" for name in names), *([words] if words else [])])

    def _check(self, word: str) -> None:
        unquoted = re.sub(r'"[^"]*"', '""', word)
        operators = OPERATORS & set(re.split(r"[^A-Za-z]+", unquoted))
        if operators or "(" in unquoted or ")" in unquoted:
            raise Refusal("search_syntax", f"the search text holds the operator {word[:100]!r}")
        scope = rf"(?<![A-Za-z0-9_])({'|'.join(sorted(self.scopes))}):"
        within = scope + r"[^\s\"]"
        readings = ((scope, unquoted), (within, word), (within, word.replace('"', "")))
        for pattern, reading in readings:
            found = re.search(pattern, reading, re.IGNORECASE)
            if found:
                raise Refusal("search_scope", f"the search text holds the qualifier {found[1]!r}")


def as_the_vendor_reads(text: str) -> str:
    """Return the compatible Unicode form (NFKC) of a text without invisible characters."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


def _words(text: str) -> list[str]:
    """Split at white space outside of quotes."""
    if "\\" in text or any(is_control(character) for character in text):
        raise Refusal("search_syntax", "the search text holds a backslash or a control character")
    if text.count('"') % 2:
        raise Refusal("search_syntax", "the search text holds an open quote")
    return re.findall(r'(?:[^\s"]|"[^"]*")+', text)
