"""Searches in Jira's query language, and those like it: the caller's condition is put in parentheses behind our scope.

A text is read word by word. What could end the parentheses early is refused, and so are functions that were not named,
which may look at what is outside of the scope.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from api_kit.errors import Refusal
from api_kit.paths import is_control
from api_kit.search import Where, as_the_vendor_reads

FUNCTIONS = frozenset(
    {"currentuser", "now", "startofday", "startofweek", "startofmonth", "startofyear", "endofday", "endofweek"}
    | {"endofmonth", "endofyear", "opensprints", "closedsprints", "futuresprints", "unreleasedversions"}
)
_TOKEN = re.compile(r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<mark>[(),]|[=!<>~]+)|(?P<word>[^\s"'(),=!<>~]+))""")
_ORDER = re.compile(r"[A-Za-z0-9_.\[\]\s,\"-]*")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True)
class JqlSearch:
    """A search text such as `status = Open AND text ~ "crash" ORDER BY created`.

    Attributes:
        parameter: the parameter, or the place in the body, that holds the text.
        kind: the kind of resources that `field` names.
        field: the field that confines, such as `project`.
        where: whether the parameter is in the query or in the body.
        functions: the functions that may be called, in small letters.
    """

    parameter: str
    kind: str = "projects"
    field: str = "project"
    where: Where = "body"
    functions: frozenset[str] = FUNCTIONS

    @property
    def choice(self) -> str:
        """How a resource is chosen."""
        return f"`{self.field} = NAME AND ...`"

    def read(self, text: str) -> tuple[str, list[str]]:
        """Check a text; a resource is chosen by `field = NAME` or `field in (...)` where nothing is joined by OR.

        Raises:
            Refusal: `search_syntax`.
        """
        plain = as_the_vendor_reads(text).strip()
        if "\\" in plain or any(is_control(character) for character in plain):
            raise Refusal("search_syntax", "the search text holds a backslash or a control character")
        pieces = self._tokens(plain)
        words = [piece.casefold() for piece in pieces]
        if {"or", "not", "was", "changed"} & set(words):
            return plain, []
        return plain, self._chosen(pieces, words)

    def build(self, words: str, names: Sequence[str]) -> str:
        """Put the scope before the caller's condition, and its order behind both."""
        for name in names:
            if not _NAME.fullmatch(name):
                raise Refusal("search_scope", f"{name!r} cannot be written in a search text")
        scope = f"{self.field} in ({', '.join(chr(34) + name + chr(34) for name in names)})"
        condition, order = self._split(words)
        parts = [scope, f"AND ({condition})" if condition else "", f"ORDER BY {order}" if order else ""]
        return " ".join(part for part in parts if part)

    def _tokens(self, text: str) -> list[str]:
        """Split a text, whose parentheses must close within it.

        Raises:
            Refusal: `search_syntax`.
        """
        condition, order = self._split(text)
        if not _ORDER.fullmatch(order) or order.count('"') % 2:
            raise Refusal("search_syntax", "the search text orders by something else than fields")
        pieces: list[str] = []
        place = depth = 0
        while place < len(condition):
            match = _TOKEN.match(condition, place)
            if match is None:
                raise Refusal("search_syntax", "the search text holds an open quote")
            place = match.end()
            piece = match[0].strip()
            if piece == "(" and pieces and self._is_call(pieces[-1]):
                raise Refusal("search_syntax", f"the search text calls the function {pieces[-1][:100]!r}")
            depth += (piece == "(") - (piece == ")")
            if depth < 0:
                raise Refusal("search_syntax", "the search text closes a parenthesis that it did not open")
            pieces.append(piece)
        if depth:
            raise Refusal("search_syntax", "the search text opens a parenthesis that it does not close")
        return pieces

    def _is_call(self, before: str) -> bool:
        """Say whether what stands before a parenthesis is a function that was not named."""
        joins = before.casefold() in ("and", "or", "not", "in") or before in ("(", ",") or before[0] in "=!<>~"
        return not joins and before.casefold() not in self.functions

    def _split(self, text: str) -> tuple[str, str]:
        """Split a text into its condition and its order, which begins at the first ORDER BY outside of quotes."""
        for match in re.finditer(r"""(?P<text>"[^"]*"|'[^']*')|\border\s+by\b""", text, re.IGNORECASE):
            if match["text"] is None:
                return text[: match.start()].strip(), text[match.end() :].strip()
        return text.strip(), ""

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
