"""Search texts: the caller's words stay, the scope is ours. Pure."""

import re
import unicodedata

from mcp_kit.errors import WrongArguments

SCOPE = re.compile(r"(?i)(?<![A-Za-z0-9_])(repo|repository|org|organization|user|owner|enterprise|team|project)\s*:")
OPERATOR = re.compile(r"(?<!\S)-?(?:AND|OR|NOT)(?!\S)")
KIND = re.compile(r"(?i)(?<!\S)-?(?:is|type):(?:issue|pr|pull-request)(?!\S)")


def scope_query(words: str, *, repository: str, kind: str) -> str:
    """Make the search text that finds only issues, or only pull requests, of one repository.

    Raises:
        WrongArguments: the words hold what could lead out of the repository.
    """
    plain = unicodedata.normalize("NFKC", words)
    plain = "".join(" " if unicodedata.category(one) == "Cc" else one for one in plain)
    plain = "".join(one for one in plain if unicodedata.category(one) != "Cf")
    if scope := SCOPE.search(plain.replace('"', "")):
        raise WrongArguments(
            f"The query holds the scope qualifier {scope[1].lower()!r}; nothing was sent.",
            next_step="Leave it out: the argument repository says where to search.",
        )
    if OPERATOR.search(plain) or set("()\\") & set(plain) or plain.count('"') % 2:
        raise WrongArguments(
            "The query holds an operator, a parenthesis, a backslash or an open quote; nothing was sent.",
            next_step='Use plain words, "closed quotes" and qualifiers such as label:bug or is:open.',
        )
    return " ".join([f"repo:{repository}", f"is:{kind}", *KIND.sub(" ", plain).split()])
