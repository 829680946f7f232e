"""A search in Jira's language stays within the given projects, whatever its text says."""

import pytest
from agent_vendors.search_grammar import JqlGrammar, SearchScopeError, SearchTextError
from hypothesis import given
from hypothesis import strategies as st

JQL = JqlGrammar("project")
PIECES = ["(", ")", '"', "'", " OR ", " AND ", "project", " = ", "SECRET", " order by ", "text ~ ", "now()", "f(", ","]


def sent(text: str) -> str:
    """Return what is sent of a text, within what it chose or two projects."""
    words, chosen = JQL.read(text)
    return JQL.build(words, chosen or ["PROJ", "OPS"])


@pytest.mark.parametrize(
    ("text", "built"),
    [
        ("", 'project in ("PROJ", "OPS")'),
        ("status = Open", 'project in ("PROJ", "OPS") AND (status = Open)'),
        (
            'a ~ "x) OR (y" order by created DESC',
            'project in ("PROJ", "OPS") AND (a ~ "x) OR (y") ORDER BY created DESC',
        ),
        ("project = OPS AND a = b", 'project in ("OPS") AND (project = OPS AND a = b)'),
        ("project in (OPS, PROJ)", 'project in ("OPS", "PROJ") AND (project in (OPS, PROJ))'),
        ("a = b OR project = SECRET", 'project in ("PROJ", "OPS") AND (a = b OR project = SECRET)'),
        ("status in (Open, Done)", 'project in ("PROJ", "OPS") AND (status in (Open, Done))'),
        ('s = "ORDER BY"', 'project in ("PROJ", "OPS") AND (s = "ORDER BY")'),
        ("ORDER BY created\nDESC", 'project in ("PROJ", "OPS") ORDER BY created DESC'),
        ("created > startOfDay()", 'project in ("PROJ", "OPS") AND (created > startOfDay())'),
    ],
)
def test_the_scope_comes_before_the_text(text: str, built: str) -> None:
    """The caller's condition is in parentheses behind the scope, its order behind both."""
    assert sent(text) == built


@pytest.mark.parametrize(
    "text",
    [
        "a = b) OR (project = SECRET",
        "a = b)",
        "(a = b",
        ")(",
        "(a ORDER BY b)",
        "a\\",
        'a ~ "open',
        "a = it's",
        'issue in linkedIssues("SECRET-1")',
        'issue in "linkedIssues"("SECRET-1")',
        "a = b order by x) OR (project = SECRET",
        "a ~ 'x\\' OR project = SECRET'",
    ],
)
def test_what_could_leave_the_parentheses_is_refused(text: str) -> None:
    """Parentheses that do not close within the text, open quotes, escapes and functions are refused."""
    with pytest.raises(SearchTextError):
        sent(text)


def test_a_name_that_cannot_be_quoted_is_refused() -> None:
    """A resource's name with a quote of its own ends nothing."""
    with pytest.raises(SearchScopeError):
        JQL.build("", ['PROJ" OR x = "y'])


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_text_closes_our_parenthesis(text: str) -> None:
    """Of every text that passes, the parenthesis behind the scope is closed by ours alone."""
    try:
        built = sent(text)
    except SearchTextError:
        return
    prefix, _, rest = built.partition(" AND (")
    depth, quote, closed = 1, "", []
    for place, character in enumerate(rest):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
            closed += [place] if depth == 0 else []
    assert quote == ""
    assert prefix.startswith("project in (")
    assert not rest or len(closed) == 1, built
    assert not rest or rest[closed[0] + 1 :] == "" or rest[closed[0] + 1 :].startswith(" ORDER BY "), built
