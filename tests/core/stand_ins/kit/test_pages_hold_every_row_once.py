"""Pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_ins.kit.paging import cut, decode_cursor, number


@given(count=st.integers(0, 120), size=st.integers(1, 150))
def test_following_next_visits_every_row_once(count: int, size: int) -> None:
    """Whatever the page size, the pages that `next_cursor` leads to hold each row once, in order."""
    rows, cursor = list(range(count)), ""
    seen: list[int] = []
    while True:
        page = cut(rows, decode_cursor(cursor), size)
        assert len(page.rows) <= size
        assert page.previous == (max(0, len(seen) - size) if seen else None)
        seen += page.rows
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert seen == rows


@pytest.mark.parametrize("text", ["x", "bmV4dDo=", "bmV4dDotMQ==", "é"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """A text that no page gave is a ValueError."""
    with pytest.raises(ValueError, match="is no cursor"):
        decode_cursor(text)


@pytest.mark.parametrize(
    ("text", "read"), [(None, 30), ("", 30), ("0", 30), ("-1", 30), ("²", 30), ("7", 7), ("900", 100)]
)
def test_a_page_size_is_bounded(text: str | None, read: int) -> None:
    """What is no positive number counts as absent, and too much as the most."""
    assert number(text, 30, 100) == read
