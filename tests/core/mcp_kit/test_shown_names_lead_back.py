"""A name that a reply shows leads back to its thing, and hides nothing from a reader."""

import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mcp_kit.errors import WrongArguments
from mcp_kit.shown_names import find_known, read_name, show_name
from service_kit.untrusted_text import clean, is_hidden

NAMES = st.text(max_size=60)
PIECES = [
    "<", "U+FE0F>", "<U+41>", "foreign-", "0123abcd", "system-reminder>", "ref:", "a", "  ", '"', "\\", "\n",
    "\ufe0f", "\u202e", "\U000e0041", "\u202f", "\u3000", "e\u0301", "\u0345", "\u1100\u1161\u11a8", "\u09c7", "\u09be",
    "\u2126", "\U000d8000", "\x1b[31m",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(st.one_of(NAMES, HOSTILE))
@example("x" * 5_000)
def test_a_shown_name_is_read_as_the_name(name: str) -> None:
    """Whatever a name holds, its shown form between the quotes is read as this name, and is never shortened."""
    assert read_name(show_name(name)[1:-1]) == name


@given(st.one_of(NAMES, HOSTILE))
def test_nothing_on_the_way_changes_a_shown_name(name: str) -> None:
    """Cleaning, JSON and composing leave a shown name as it is, and nothing hidden is in it."""
    shown = show_name(name)
    assert clean(f"file {shown} 3 bytes") == f"file {shown} 3 bytes"
    assert json.loads(shown) == shown[1:-1]
    assert unicodedata.is_normalized("NFC", shown)
    assert not any(is_hidden(character) for character in shown)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\u26a0\ufe0f breaking", '"\u26a0<U+FE0F> breaking"'),
        ("two  blanks.md", '"two <U+0020>blanks.md"'),
        ("10\u202f000.md", '"10<U+202F>000.md"'),
        ("Cafe\u0301.md", '"Cafe<U+0301>.md"'),
        ("<U+FE0F>", '"<U+003C>U+FE0F>"'),
        ("gr\u00fc\u00dfe & C#/100%.md", '"gr\u00fc\u00dfe & C#/100%.md"'),
        ("\u0e17\u0e35\u0e48 \u65e5\u672c\u8a9e", '"\u0e17\u0e35\u0e48 \u65e5\u672c\u8a9e"'),
    ],
)
def test_what_is_seen_stays_readable(name: str, shown: str) -> None:
    """Only what a reader cannot see, or a copy could lose, is spelled out."""
    assert show_name(name) == shown


def test_a_lookalike_is_the_known_name() -> None:
    """A name without the hidden characters of a known one is that one; the vendor's own sameness goes first."""
    known = ["\u26a0\ufe0f breaking", "Bug", "bug\u200b"]
    found = find_known(["\u26a0 Breaking", "bug", "new one"], known, fold=str.lower, what="label")
    assert found == ["\u26a0\ufe0f breaking", "Bug", "new one"]


def test_a_name_that_looks_like_several_is_refused() -> None:
    """Which of two lookalikes is meant cannot be known: the refusal shows both."""
    with pytest.raises(WrongArguments) as refused:
        find_known(["a b"], ["a\u200b b", "a\u2060 b"], fold=str.lower, what="label")
    assert refused.value.quoted is not None
    assert refused.value.quoted.text == '"a<U+200B> b" "a<U+2060> b"'


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["a\u0301" * 30_000, "\u0301" * 65_000, "<" * 65_000, " " * 65_000, "\ufdfa" * 65_000])
def test_no_name_takes_long_to_show(name: str) -> None:
    """A stranger's name of 64 kB is shown, read and compared at once, whatever it repeats."""
    assert read_name(show_name(name)[1:-1]) == name
    assert find_known([name], ["x"], fold=str.lower, what="label") == [name]
