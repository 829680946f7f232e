"""A server confines a search to the resource that the tool's argument names; the grammars are tested by themselves."""

import pytest
from agent_vendors.search_grammar import JqlGrammar, QualifierGrammar, SearchGrammar
from mcp_kit.errors import WrongArguments
from mcp_kit.search_scope import confine

WORDS = QualifierGrammar("in", frozenset({"in"}))
JQL = JqlGrammar("project")


def test_the_scope_is_what_the_argument_names() -> None:
    """The caller may repeat it in its own words."""
    assert confine(WORDS, "x in:a", ["a", "b"], argument="channel") == "in:a in:b x"
    assert confine(JQL, "project = A AND x = 1", ["A"], argument="project") == (
        'project in ("A") AND (project = A AND x = 1)'
    )


@pytest.mark.parametrize(
    ("grammar", "query", "step"),
    [
        (WORDS, "in:c x", "Leave it out: the argument team says where to search."),
        (WORDS, "-in:a", "Leave it out: the argument team says where to search."),
        (WORDS, "a OR b", "Leave out AND, OR, NOT and parentheses."),
        (JQL, "project = B", "Leave it out: the argument team says where to search."),
        (JQL, "(a = 1", "Close it."),
    ],
)
def test_what_leads_out_is_refused(grammar: SearchGrammar, query: str, step: str) -> None:
    """The model is told what is wrong and what to write instead."""
    with pytest.raises(WrongArguments, match=r"^The query .* nothing was sent") as refused:
        confine(grammar, query, ["a", "A"], argument="team")
    assert refused.value.next_step == step
