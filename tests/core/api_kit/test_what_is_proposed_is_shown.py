"""An approver reads all that would be sent, and nothing of it takes long to write out."""

from collections.abc import Mapping

import pytest
from api_kit import Body, Call, Fetch, Json, Resource, Route
from api_kit.proposal_document import diff, shown
from fixtures.cpu import least_seconds
from fixtures.resource_kinds import PROJECTS
from hypothesis import given
from hypothesis import strategies as st


async def present(call: Call, fetch: Fetch) -> Mapping[str, Json]:
    """Stand for what reads the present state."""
    raise AssertionError("the facts are given")


TICKET = Route(
    "PATCH",
    "/tickets/{ticket:number}",
    access="write",
    resources=(Resource(PROJECTS, "path", "{ticket}"),),
    tools=frozenset({"change"}),
    body=Body(frozenset({"title", "body", "milestone", "labels"})),
    idempotent=True,
    read_before=present,
)
LINES = st.lists(st.sampled_from(["a", "b", "", "- c"]), max_size=30)


def written(asked: Json, **facts: Json) -> list[str]:
    """Write out a change of what is there now."""
    return shown(Call(TICKET, {"ticket": "7"}, {}, asked), facts).split("\n")[4:-1]


def test_what_is_emptied_is_shown() -> None:
    """A field that is set to null takes away what is there: that is shown as any change is."""
    assert written({"body": None, "milestone": None}, body="one\ntwo", milestone=4) == [
        *("body:", "- one", "- two", "+ null", ""),
        *("milestone:", "- 4", "+ null"),
    ]
    assert written({"milestone": None}, milestone=None) == ["milestone:", "+ null"]


def test_what_is_taken_away_is_shown() -> None:
    """A call without fields shows what is there, which is what it takes away or adds to."""
    assert written(None, title="t", labels=["old", "bug"])[-3:] == ["labels now:", "  bug", "  old"]
    assert written(["new"], labels=["bug"]) == ["body:", "+ new", "", "labels now:", "  bug"]


def test_what_no_field_changes_is_shown_too() -> None:
    """Every fact on which a decision rests is shown: as a field's diff, or by itself as it is now."""
    assert written({"body": "new"}, body="old", locked=True, note="one\ntwo") == [
        *("body:", "- old", "+ new", ""),
        *("locked now:", "  true", ""),
        *("note now:", "  one", "  two"),
    ]
    assert written({"body": "new"}, title=None) == ["body:", "+ new", "", "title now:", "  null"]


def test_a_nested_field_has_its_diff() -> None:
    """A fact that is nested as the body is compared with it; one that is named by its place is shown as it is now."""
    asked: dict[str, Json] = {"fields": {"summary": "new"}}
    assert written(asked, fields={"summary": "old"}) == [
        *("fields:", "  {", '-   "summary": "old"', '+   "summary": "new"', "  }"),
    ]
    assert written(asked, **{"fields.summary": "old"})[-2:] == ["fields.summary now:", "  old"]


def test_no_text_looks_like_a_field() -> None:
    """Lines of a text cannot be read as fields of their own: each has its mark."""
    assert written({"body": "fine\n\nlabels:\nbug"}) == ["body:", "+ fine", "+ ", "+ labels:", "+ bug"]


@pytest.mark.parametrize("hidden", ["\r", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"])
def test_what_some_take_for_a_line_end_is_shown(hidden: str) -> None:
    """Only a newline ends a line here; all else that may is written out."""
    assert written({"body": f"a{hidden}b\n"}) == ["body:", f"+ a\\u{{{ord(hidden):x}}}b", "+ "]


def test_hidden_characters_are_shown() -> None:
    """An approver sees what would be hidden."""
    assert written({"body": "a\u200bb\u202ec\x07"}) == ["body:", "+ a\\u{200b}b\\u{202e}c\\u{7}"]


def test_line_ends_of_two_characters_are_line_ends() -> None:
    """A text from a browser is compared by its lines."""
    assert written({"body": "a\nc"}, body="a\r\nb") == ["body:", "  a", "- b", "+ c"]


@given(LINES, LINES, st.sampled_from([1, 2, 40]))
def test_a_diff_is_of_both_texts(before: list[str], after: list[str], times: int) -> None:
    """The lines that stay and go are the old text, those that stay and come the new one, however long they are."""
    found = diff(before * times, after * times)
    assert [line[2:] for line in found if line[0] in " -"] == before * times
    assert [line[2:] for line in found if line[0] in " +"] == after * times


def test_time_grows_with_the_length_alone() -> None:
    """Texts of which no line is another's take no more time for being alike."""

    def seconds(count: int) -> float:
        before = [f"line {number:06d} of the text as it was" for number in range(count)]
        after = [f"lime {number:06d} of the text as it is" for number in range(count)]
        assert len(diff(before, after)) == 2 * count
        return least_seconds(lambda: diff(before, after))

    assert seconds(1600) < 30 * max(seconds(200), 0.001)
