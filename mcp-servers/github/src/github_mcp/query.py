"""Search texts of issues and pull requests: the caller's words stay, the scope is ours. Pure."""

import re

from mcp_kit.search_scope import QualifierScope, plain_text

WIDENING = ("repo", "repository", "org", "organization", "user", "owner", "enterprise", "team", "project")
SCOPE = QualifierScope("repo", WIDENING, argument="repository")
KIND = re.compile(r"(?i)(?<!\S)-?(?:is|type):(?:issue|pr|pull-request)(?!\S)")


def scope_query(words: str, *, repository: str, kind: str) -> str:
    """Return the search text that finds only issues, or only pull requests, of one repository.

    Raises:
        WrongArguments: the words hold what could lead out of the repository.
    """
    return SCOPE.confine(f"is:{kind} {KIND.sub(' ', plain_text(words))}", [repository])
