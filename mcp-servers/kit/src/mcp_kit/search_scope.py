"""Search texts: the caller's words stay, the scope is ours. Pure.

A gateway confines searches itself; this is for a server that works alone.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mcp_kit.errors import WrongArguments

OPERATOR = re.compile(r"(?<!\S)-?(?:AND|OR|NOT)(?!\S)")
STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
ORDER = re.compile(r"(?i)\border\s+by\b")


class SearchScope(Protocol):
    """Confines a search to resources."""

    def confine(self, words: str, names: Sequence[str]) -> str:
        """Return the search text that finds only what belongs to one of these resources.

        Raises:
            WrongArguments: the words hold what could lead out of them; the next step says what to leave out.
        """


@dataclass(frozen=True)
class QualifierScope:
    """A scope of `qualifier:name` before plain words, as GitHub's `repo:`, Slack's `in:` and Sentry's `project:`.

    Attributes:
        qualifier: the one that this server adds for each resource.
        widening: all qualifiers that could widen or move the scope, the server's own among them.
        argument: the tool's argument that names the resource.
    """

    qualifier: str
    widening: Sequence[str]
    argument: str

    def confine(self, words: str, names: Sequence[str]) -> str:
        """Put the scope before the words; qualifiers of a scope, operators and parentheses are refused in them."""
        plain = plain_text(words)
        scope = rf"(?i)(?<![A-Za-z0-9_])({'|'.join(map(re.escape, self.widening))})\s*:"
        if found := re.search(scope, plain.replace('"', "")):
            raise WrongArguments(
                f"The query holds the scope qualifier {found[1].lower()!r}; nothing was sent.",
                next_step=f"Leave it out: the argument {self.argument} says where to search.",
            )
        if OPERATOR.search(plain) or set("()\\") & set(plain) or plain.count('"') % 2:
            raise WrongArguments(
                "The query holds an operator, a parenthesis, a backslash or an open quote; nothing was sent.",
                next_step='Use plain words, "closed quotes" and qualifiers such as label:bug or is:open.',
            )
        return " ".join([*(f"{self.qualifier}:{name}" for name in names), *plain.split()])


@dataclass(frozen=True)
class ClauseScope:
    """A scope of `field in ("name")` joined by AND to a query in a language of clauses, such as JQL and CQL.

    Attributes:
        field: the one whose value names the resource.
    """

    field: str

    def confine(self, words: str, names: Sequence[str]) -> str:
        """Put the query in parentheses behind the scope, and its ORDER BY behind them."""
        plain = plain_text(words).strip()
        bare = STRING.sub(lambda found: "s" * len(found[0]), plain)
        order = ORDER.search(bare)
        end = order.start() if order else len(bare)
        if set("\"'\\") & set(bare) or not _is_balanced(bare[:end]) or set("()") & set(bare[end:]):
            raise WrongArguments(
                "The query holds an open quote or parenthesis, or a backslash outside of quotes; nothing was sent.",
                next_step="Close what is open, and put ORDER BY at the end.",
            )
        clause = f" AND ({plain[:end].strip()})" if plain[:end].strip() else ""
        return f"{self.field} in ({', '.join(map(_quoted, names))}){clause} {plain[end:]}".strip()


def plain_text(words: str) -> str:
    """Return the words as a vendor reads them: compatible characters (NFKC), none invisible, controls as blanks."""
    plain = unicodedata.normalize("NFKC", words)
    plain = "".join(" " if unicodedata.category(one) == "Cc" else one for one in plain)
    return "".join(one for one in plain if unicodedata.category(one) != "Cf")


def _is_balanced(text: str) -> bool:
    depth = 0
    for one in text:
        depth += (one == "(") - (one == ")")
        if depth < 0:
            return False
    return depth == 0


def _quoted(name: str) -> str:
    if set('"\\') & set(name):
        raise WrongArguments("The name of a resource holds a quote or backslash; nothing was sent.")
    return f'"{name}"'
