"""A search text in a language of clauses stays within its scope; plain words are tested on GitHub's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_kit.errors import WrongArguments
from mcp_kit.search_scope import ClauseScope, QualifierScope

SCOPE = ClauseScope("project")


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("", 'project in ("PROJ")'),
        ('text ~ "crash"', 'project in ("PROJ") AND (text ~ "crash")'),
        ("a = 1 OR b = 2", 'project in ("PROJ") AND (a = 1 OR b = 2)'),
        ('s = ") OR (" order by x', 'project in ("PROJ") AND (s = ") OR (") order by x'),
        ('s = "ORDER BY"', 'project in ("PROJ") AND (s = "ORDER BY")'),
        ("ORDER BY created DESC", 'project in ("PROJ") ORDER BY created DESC'),
        (r's = "a\")"', r'project in ("PROJ") AND (s = "a\")")'),
        ("status in (Open, Done)", 'project in ("PROJ") AND (status in (Open, Done))'),
    ],
)
def test_a_query_stands_behind_its_scope(query: str, sent: str) -> None:
    """The caller's query stays as it is, in parentheses; its order comes last."""
    assert SCOPE.confine(query, ["PROJ"]) == sent


@pytest.mark.parametrize(
    "query",
    [
        "a) OR (b",
        "a = 1) OR project = OTHER",
        "(a",
        'a = "b',
        "a = 'b",
        "(a ORDER BY b)",
        "a ORDER BY b) OR (c",
        "a\\",
        ")(",
    ],
)
def test_what_could_end_the_parentheses_is_refused(query: str) -> None:
    """An open quote or parenthesis, one closed too early and a backslash outside of quotes are refused."""
    with pytest.raises(WrongArguments, match="nothing was sent"):
        SCOPE.confine(query, ["PROJ"])


@given(st.text(st.sampled_from("ab ()\"'\\=OR order by"), max_size=40))
def test_the_scope_always_holds_the_whole_query(query: str) -> None:
    """Whatever passes has every parenthesis closed where the scope's own is closed, and no sooner."""
    try:
        sent = SCOPE.confine(query, ["PROJ"])
    except WrongArguments:
        return
    assert sent.startswith('project in ("PROJ")')
    quote, depth, depths, escaped = "", 0, [], False
    for one in sent.removeprefix('project in ("PROJ")').removeprefix(" AND "):
        if quote:
            quote, escaped = ("" if one == quote and not escaped else quote), one == "\\" and not escaped
        elif one in "\"'":
            quote = one
        else:
            depth += (one == "(") - (one == ")")
        depths.append(depth)
    assert not quote
    assert depth == 0
    if depths and depths[0]:
        closed = depths.index(0)
        assert not [level for level in depths[closed:] if level]


def test_a_name_that_cannot_be_quoted_is_refused() -> None:
    """A resource's name with a quote of its own ends nothing."""
    with pytest.raises(WrongArguments):
        SCOPE.confine("", ['PROJ" OR x = "y'])


def test_several_resources_are_named() -> None:
    """Each scope takes several names."""
    assert SCOPE.confine("", ["A", "B"]) == 'project in ("A", "B")'
    assert QualifierScope("in", ["in"], argument="channel").confine("x", ["#a", "#b"]) == "in:#a in:#b x"
