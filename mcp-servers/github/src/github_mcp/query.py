"""Search texts of issues and pull requests: the caller's words stay, the scope is ours. Pure."""

import re

from agent_vendors.github import SEARCHES
from agent_vendors.search_grammar import plain_text
from mcp_kit.errors import WrongArguments
from mcp_kit.search_scope import confine

KIND = re.compile(r"(?i)(?<!\S)(-?)(?:is|type):(?:(issue)|pr|pull-request)(?!\S)")


def scope_query(words: str, *, repository: str, kind: str) -> str:
    """Return the search text that finds only issues, or only pull requests, of one repository.

    Raises:
        WrongArguments: the words hold what could lead out of the repository.
    """
    return confine(SEARCHES, with_kind(words, kind), [repository], argument="repository")


def kind_of(words: str, asked: str | None) -> str:
    """Return whether issues or pull requests are searched: as asked, else as the words say, else issues.

    Raises:
        WrongArguments: what was asked and the words, or two of the words, say different things.
    """
    said = {"issue" if bool(issue) != bool(no) else "pull-request" for no, issue in KIND.findall(plain_text(words))}
    if len(said | ({asked} - {None})) > 1:
        raise WrongArguments(
            "The query and kind, or two words of the query, ask for issues and for pull requests; nothing was sent.",
            next_step="Search each by a call of its own.",
        )
    return asked or next(iter(said), "issue")


def with_kind(words: str, kind: str) -> str:
    """Return the search text for issues alone, or for pull requests alone."""
    return f"is:{kind} {KIND.sub(' ', plain_text(words))}"
