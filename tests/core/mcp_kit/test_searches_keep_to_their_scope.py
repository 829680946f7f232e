"""A server confines a search to what an argument names, or to a grant; the grammars are tested by themselves."""

import pytest
from agent_vendors import ResourceKind
from agent_vendors.search_grammar import JqlGrammar, QualifierGrammar, SearchGrammar
from mcp_kit.caller import OWNER, Caller
from mcp_kit.errors import Refused, WrongArguments
from mcp_kit.search_scope import confine, confine_to_grant
from service_kit.grants import Bound

WORDS = QualifierGrammar("in", frozenset({"in"}))
JQL = JqlGrammar("project")
KIND = ResourceKind("places", grammar=r"[a-z]+/[a-z0-9]+", description="owner/name", example="ann/one", separator="/")
PLACES = QualifierGrammar("in", frozenset({"in", "of"}), owner="of", longest=40)


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


def bound(*names: str) -> Caller:
    """Return a caller with a grant for these."""
    return Caller("run", Bound(resources={"places": list(names)}))


def test_a_grant_is_divided_among_texts() -> None:
    """Each text is as long as the vendor takes it, and together they name each resource of the grant once."""
    names = [f"ann/number{number}" for number in range(5)]
    found = confine_to_grant(PLACES, "milk", bound(*names, names[0]), KIND)
    assert all(len(text) <= 40 for text in found.texts)
    assert [name for scope in found.scopes for name in scope] == names
    assert found.texts[0] == "in:ann/number0 in:ann/number1 milk"


def test_a_pattern_covers_what_it_names() -> None:
    """An owner's pattern is one qualifier; what it covers is left out, and what none can say is told."""
    found = confine_to_grant(PLACES, "milk", bound("ann/*", "ann/one", "bob/two", "*/three"), KIND)
    assert (found.texts, found.left_out) == (["of:ann in:bob/two milk"], ["*/three"])
    assert confine_to_grant(PLACES, "milk", bound("*/*", "ann/*"), KIND).texts == ["milk"]


def test_a_choice_stays_within_the_grant() -> None:
    """A choice narrows; one outside the grant is refused, and so is a grant to which nothing can be confined."""
    assert confine_to_grant(PLACES, "of:ann milk", bound("ann/*", "bob/two"), KIND).texts == ["of:ann milk"]
    for query, names in (("in:bob/one x", ["ann/*"]), ("of:ann x", ["ann/one"]), ("x", ["*/three"]), ("x", [])):
        with pytest.raises(Refused):
            confine_to_grant(PLACES, query, bound(*names), KIND)
    with pytest.raises(WrongArguments):
        confine_to_grant(PLACES, "-in:ann/one", bound("ann/*"), KIND)


def test_a_trusted_caller_is_not_confined() -> None:
    """Whoever owns the server may search whatever the token sees."""
    assert confine_to_grant(PLACES, "of:bob a OR b", OWNER, KIND).texts == ["of:bob a OR b"]
