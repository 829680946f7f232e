"""What a gateway confines a search to: the caller's choice within the grant, or all that the grant names."""

import pytest
from agent_contracts import Grant
from agent_vendors.github import REPOSITORIES
from agent_vendors.search_grammar import JqlGrammar, QualifierGrammar
from api_kit import Refusal, Search
from api_kit.policy import scoped
from fixtures.resource_kinds import PROJECTS

WORDS = Search(QualifierGrammar("repo", frozenset({"repo", "org"})), "q", REPOSITORIES)
JQL = Search(JqlGrammar(), "jql", PROJECTS, "body")
GRANT = Grant(resources={"repositories": ["octo/one", "octo/two"], "projects": ["OPS"]})
PATTERN = Grant(resources={"repositories": ["octo/*"], "projects": ["*"]})


def test_the_scope_is_the_choice_or_the_grant() -> None:
    """A choice is compared as the vendor compares names; without one all that the grant names is searched."""
    assert scoped(WORDS, GRANT, "x") == ("repo:octo/one repo:octo/two x", ["octo/one", "octo/two"])
    assert scoped(WORDS, PATTERN, "x repo:Octo/One") == ("repo:Octo/One x", ["Octo/One"])
    assert scoped(JQL, GRANT, "a = b") == ('project in ("OPS") AND (a = b)', ["OPS"])


@pytest.mark.parametrize(
    ("search", "grant", "text", "reason"),
    [
        (WORDS, GRANT, "repo:evil/x", "resource"),
        (WORDS, PATTERN, "repo:evil/x", "resource"),
        (WORDS, PATTERN, "repo:octo/one/two", "resource"),
        (WORDS, PATTERN, "x", "search_choice"),
        (WORDS, Grant(), "x", "resource"),
        (WORDS, GRANT, "org:evil", "search_scope"),
        (WORDS, GRANT, "a OR b", "search_syntax"),
        (JQL, GRANT, "project = SECRET AND a = b", "resource"),
        (JQL, PATTERN, "a = b", "search_choice"),
        (JQL, GRANT, "a = b) OR (c = d", "search_syntax"),
    ],
)
def test_what_leaves_the_grant_is_refused(search: Search, grant: Grant, text: str, reason: str) -> None:
    """Each refusal has its reason, and says what to do."""
    with pytest.raises(Refusal) as refused:
        scoped(search, grant, text)
    assert refused.value.reason == reason
    assert refused.value.remedy
