"""The filter of search texts, held against another reader of GitHub's grammar."""

import re
import unicodedata

from agent_vendors.search_grammar import QualifierGrammar, SearchTextError
from hypothesis import example, given
from hypothesis import strategies as st

SEARCH = QualifierGrammar("repo", frozenset({"repo", "org", "user", "owner"}))
GRANTED = ["octo/one", "octo/two"]
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


def built(text: str) -> str:
    """Return what is sent of a text, within what it chose or two repositories; an outside choice is refused."""
    words, chosen = SEARCH.read(text)
    if not set(chosen) <= set(GRANTED):
        raise SearchTextError("outside")
    return SEARCH.build(words, chosen or GRANTED)


@given(TEXTS)
@example('"a"repo:evil/x')
@example('"repo:evil/x"')
@example("re\u200bpo:evil/x")
@example('AND""')
@example("x repo:octo/one repo:evil/x")
def test_nothing_of_the_callers_moves_the_scope(text: str) -> None:
    """Whatever passes names repositories of the grant only, at least one, and holds no operator and no open quote."""
    try:
        sent = built(text)
    except SearchTextError:
        return
    scopes, operators = reading(sent)
    assert scopes
    assert scopes <= {"repo:octo/one", "repo:octo/two"}
    assert not operators


@given(TEXTS)
def test_a_link_back_passes_as_it_is(text: str) -> None:
    """What was made of a text is taken again unchanged: so the vendor's Links can be followed."""
    try:
        sent = built(text)
    except SearchTextError:
        return
    assert built(sent) == sent


@given(st.lists(st.from_regex(r"[a-z]{1,8}|label:[a-z]{1,5}|\"[a-z ]{1,9}\"", fullmatch=True), max_size=6))
def test_ordinary_words_stay(words: list[str]) -> None:
    """Plain words, closed quotes and narrowing qualifiers reach the vendor as they are."""
    assert SEARCH.read(" ".join(words)) == (" ".join(words), [])
