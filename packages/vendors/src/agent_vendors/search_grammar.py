"""Search texts: the caller's words stay, the scope is ours. Pure.

A grammar reads a text strictly, refuses what could leave the scope, and writes the text anew within given resources.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

OPERATORS = frozenset({"AND", "OR", "NOT"})
JQL_FUNCTIONS = frozenset(
    {"currentuser", "now", "startofday", "startofweek", "startofmonth", "startofyear", "endofday", "endofweek"}
    | {"endofmonth", "endofyear", "opensprints", "closedsprints", "futuresprints", "unreleasedversions"}
)
_TOKEN = re.compile(r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<mark>[(),]|[=!<>~]+)|(?P<word>[^\s"'(),=!<>~]+))""")
_ORDER_BY = re.compile(r"""(?P<text>"[^"]*"|'[^']*')|\border\s+by\b""", re.IGNORECASE)
_ORDER = re.compile(r"[A-Za-z0-9_.\[\]\s,\"-]*")


class SearchTextError(ValueError):
    """A text cannot be sent. The message goes on behind "The search text"; `remedy` says what to write instead."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


class SearchScopeError(SearchTextError):
    """A text, or the name of a resource, could move the scope."""


class SearchGrammar(Protocol):
    """How a vendor reads its search texts."""

    @property
    def choice(self) -> str:
        """How a caller writes its own choice of a resource, for people and models."""

    def can_name(self, name: str) -> bool:
        """Say whether the scope can be a resource, or all that a pattern of a grant names."""

    def read(self, text: str) -> tuple[str, list[str]]:
        """Return what is kept of a text and the resources it chose; SearchTextError if it could leave the scope."""

    def build(self, words: str, names: Sequence[str]) -> str:
        """Return the text that is sent, confined to these resources; SearchScopeError if a name cannot be written."""


@dataclass(frozen=True)
class QualifierGrammar:
    """Words and qualifiers, such as GitHub's `repo:octocat/hello crash`.

    Attributes:
        qualifier: the one that confines, such as `repo`; it is added once for each resource.
        scopes: all qualifiers that could widen or move the scope. A text may hold none of them but `qualifier:NAME`.
        owner: the one that confines to all that an owner has, such as `user`: `user:octocat` is `octocat/*`. None: a
            pattern cannot be a scope.
        longest: the most characters of a text that the vendor takes.
    """

    qualifier: str
    scopes: frozenset[str]
    owner: str | None = None
    longest: int = 256

    @property
    def choice(self) -> str:
        """How a resource is chosen."""
        return f"{self.qualifier}:NAME"

    def can_name(self, name: str) -> bool:
        """Say whether the scope can be a name: any but a pattern, an owner's `octocat/*`, and `*/*`, which is all."""
        return "*" not in name or (self.owner is not None and name.endswith("/*"))

    def read(self, text: str) -> tuple[str, list[str]]:
        """Split a text into the caller's words, and what it chose by whole `qualifier:name` or `owner:name` words."""
        plain = plain_text(text)
        if "\\" in plain or plain.count('"') % 2:
            raise SearchTextError("holds a backslash or an open quote", "Use plain words and closed quotes.")
        words: list[str] = []
        chosen: list[str] = []
        owners = rf"|{re.escape(self.owner)}:(?P<owner>[A-Za-z0-9_-]+)" if self.owner else "|(?P<owner>(?!))"
        choice = re.compile(rf"{re.escape(self.qualifier)}:(?P<name>[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*){owners}")
        for word in re.findall(r'(?:[^\s"]|"[^"]*")+', plain):
            match = choice.fullmatch(word)
            if match is None:
                words.append(word)
            elif (name := match["name"] or f"{match['owner']}/*") not in chosen:
                chosen.append(name)
        kept = " ".join(words)
        self._check(kept)
        return kept, chosen

    def build(self, words: str, names: Sequence[str]) -> str:
        """Put the scope before the caller's words; a pattern that names all needs none."""
        everything = any(set(name.split("/")) == {"*"} for name in names)
        scope = [] if everything else [self._scope(name) for name in names]
        return " ".join([*scope, *([words] if words else [])])

    def _scope(self, name: str) -> str:
        if not self.can_name(name):
            raise SearchScopeError(f"cannot be confined to {name!r}")
        return f"{self.owner}:{name.removesuffix('/*')}" if "*" in name else f"{self.qualifier}:{name}"

    def _check(self, words: str) -> None:
        unquoted = re.sub(r'"[^"]*"', '""', words)
        if OPERATORS & set(re.split(r"[^A-Za-z]+", unquoted)) or set("()") & set(unquoted):
            raise SearchTextError("holds an operator or a parenthesis", "Leave out AND, OR, NOT and parentheses.")
        scope = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(sorted(self.scopes))})\s*:", re.IGNORECASE)
        if found := scope.search(words.replace('"', " ")) or scope.search(words.replace('"', "")):
            raise SearchScopeError(f"holds the scope qualifier {found[1].lower()!r}")


@dataclass(frozen=True)
class JqlGrammar:
    """Jira's query language and those like it: `status = Open AND text ~ "crash" ORDER BY created`.

    The caller's condition is put in parentheses behind the scope, which confines `field`. What could end the
    parentheses early is refused, and so are functions that are not listed, in small letters: they may look outside.
    """

    field: str = "project"
    functions: frozenset[str] = JQL_FUNCTIONS

    @property
    def choice(self) -> str:
        """How a resource is chosen."""
        return f"`{self.field} = NAME AND ...`"

    def can_name(self, name: str) -> bool:
        """Say whether the scope can be a name: any but a pattern."""
        return "*" not in name

    def read(self, text: str) -> tuple[str, list[str]]:
        """Check a text; a resource is chosen by `field = NAME` or `field in (...)` where nothing is joined by OR."""
        plain = plain_text(text).strip()
        if "\\" in plain:
            raise SearchTextError("holds a backslash", "Leave it out.")
        pieces = self._tokens(plain)
        words = [piece.casefold() for piece in pieces]
        if {"or", "not", "was", "changed"} & set(words):
            return plain, []
        return plain, self._chosen(pieces, words)

    def build(self, words: str, names: Sequence[str]) -> str:
        """Put the scope before the caller's condition, and its order behind both."""
        for name in names:
            if set('"\\') & set(name) or not name.isprintable():
                raise SearchScopeError(f"cannot hold the name {name!r}")
        scope = f"{self.field} in ({', '.join(chr(34) + name + chr(34) for name in names)})"
        condition, order = _split(words)
        parts = [scope, f"AND ({condition})" if condition else "", f"ORDER BY {order}" if order else ""]
        return " ".join(part for part in parts if part)

    def _tokens(self, text: str) -> list[str]:
        condition, order = _split(text)
        if not _ORDER.fullmatch(order) or order.count('"') % 2:
            raise SearchTextError("orders by something else than fields", "Put ORDER BY and its fields at the end.")
        pieces: list[str] = []
        place = depth = 0
        while place < len(condition):
            match = _TOKEN.match(condition, place)
            if match is None:
                raise SearchTextError("holds an open quote", "Close it.")
            place = match.end()
            piece = match[0].strip()
            if piece == "(" and pieces and self._is_call(pieces[-1]):
                raise SearchTextError(f"calls the function {pieces[-1][:100]!r}", "Leave the function out.")
            depth += (piece == "(") - (piece == ")")
            if depth < 0:
                raise SearchTextError("closes a parenthesis that it did not open", "Leave it out.")
            pieces.append(piece)
        if depth:
            raise SearchTextError("opens a parenthesis that it does not close", "Close it.")
        return pieces

    def _is_call(self, before: str) -> bool:
        """Say whether what stands before a parenthesis is a function that was not named."""
        joins = before.casefold() in ("and", "or", "not", "in") or before in ("(", ",") or before[0] in "=!<>~"
        return not joins and before.casefold() not in self.functions

    def _chosen(self, pieces: Sequence[str], words: Sequence[str]) -> list[str]:
        chosen: list[str] = []
        for place, word in enumerate(words):
            if word.strip("\"'") != self.field or place + 2 >= len(words):
                continue
            if words[place + 1] == "=":
                names = [pieces[place + 2]]
            elif words[place + 1] == "in" and ")" in words[place:]:
                names = [piece for piece in pieces[place + 3 : words.index(")", place)] if piece != ","]
            else:
                continue
            chosen += [bare for name in names if (bare := name.strip("\"'")) not in chosen]
        return chosen


def plain_text(text: str) -> str:
    """Return a text as a vendor reads it: compatible characters (NFKC), none invisible, controls as blanks."""
    plain = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return "".join(" " if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") else one for one in plain)


def _split(text: str) -> tuple[str, str]:
    """Split a JQL text into its condition and its order, which begins at the first ORDER BY outside of quotes."""
    for match in _ORDER_BY.finditer(text):
        if match["text"] is None:
            return text[: match.start()].strip(), text[match.end() :].strip()
    return text.strip(), ""
