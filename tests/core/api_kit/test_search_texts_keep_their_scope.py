"""The filter of search texts, held against another reader of GitHub's grammar."""

import re
import unicodedata

import pytest
from agent_contracts import Grant
from api_kit.errors import Refusal
from api_kit.policy import scope
from api_kit.search import QualifierSearch
from hypothesis import example, given
from hypothesis import strategies as st

SCOPES = frozenset({"repo", "org", "user", "owner"})
SEARCH = QualifierSearch(parameter="q", qualifier="repo", kind="repositories", scopes=SCOPES)
GRANT = Grant(resources={"repositories": ["octo/one", "octo/two"]})
PIECES = [
    "repo:",
    "org:",
    "user:",
    "octo/one",
    "evil/x",
    '"',
    " ",
    "\u00a0",
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    "-",
    "\\",
    "a",
]
PIECES += ["REPO:", "label:", "ｒepo：", "\u200b", "\n", "+", ",", "repo", ":"]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map("".join)


def reading(text: str) -> tuple[set[str], bool]:
    """Read a text as a generous vendor might: all scopes in it, invisible characters and case aside, and operators."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    bare = re.sub(r'"[^"]*"', " ", seen)
    scopes = {f"{name.lower()}:{value}" for name, value in re.findall(r"(?i)\b(repo|org|user|owner):([^\s\"]*)", bare)}
    return scopes, bool(re.search(r"[()\\]|(?<!\S)(AND|OR|NOT)(?!\S)", bare)) or seen.count('"') % 2 == 1


@given(TEXTS)
@example('"a"repo:evil/x')
@example('"repo:evil/x"')
@example("re\u200bpo:evil/x")
@example('AND""')
@example("x repo:octo/one repo:evil/x")
def test_nothing_of_the_callers_moves_the_scope(text: str) -> None:
    """Whatever passes names repositories of the grant only, at least one, and holds no operator and no open quote."""
    try:
        words, chosen = SEARCH.read(text)
        sent = SEARCH.build(words, scope(SEARCH, GRANT, chosen))
    except Refusal:
        return
    scopes, operators = reading(sent)
    assert scopes
    assert scopes <= {"repo:octo/one", "repo:octo/two"}
    assert not operators


@given(TEXTS)
def test_a_link_back_passes_as_it_is(text: str) -> None:
    """What the gateway made of a text it takes again unchanged: so the vendor's Links can be followed."""
    try:
        words, chosen = SEARCH.read(text)
        sent = SEARCH.build(words, scope(SEARCH, GRANT, chosen))
    except Refusal:
        return
    words, chosen = SEARCH.read(sent)
    assert SEARCH.build(words, scope(SEARCH, GRANT, chosen)) == sent


@given(st.lists(st.from_regex(r"[a-z]{1,8}|label:[a-z]{1,5}|\"[a-z ]{1,9}\"", fullmatch=True), max_size=6))
def test_ordinary_words_stay(words: list[str]) -> None:
    """Plain words, closed quotes and narrowing qualifiers reach the vendor as they are."""
    assert SEARCH.read(" ".join(words)) == (" ".join(words), [])


def test_a_pattern_asks_for_a_choice() -> None:
    """A grant by pattern cannot be written as qualifiers: the caller chooses, within it."""
    grant = Grant(resources={"repositories": ["octo/*"]})
    assert scope(SEARCH, grant, ["Octo/One"]) == ["Octo/One"]
    for chosen, reason in (([], "search_choice"), (["evil/x"], "resource"), (["octo/one/two"], "resource")):
        with pytest.raises(Refusal) as refused:
            scope(SEARCH, grant, chosen)
        assert refused.value.reason == reason
