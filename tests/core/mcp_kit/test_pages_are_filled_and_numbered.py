"""A page of ours holds what was asked for, out of several of the vendor's; its rows are numbered over all pages."""

from dataclasses import replace

import pytest
from core.mcp_kit.corkboard import Corkboard, said
from hypothesis import given
from hypothesis import strategies as st
from mcp_kit.call import Call
from mcp_kit.cursor import Position
from mcp_kit.paging import CursorPaging, LinkPaging, OffsetPaging, Page, Paging, Parameters, fill, made_page
from pydantic import BaseModel

NUMBERED = LinkPaging(pointers=("page", "after"), size="size", number="page")
BY_CURSOR = CursorPaging("cursor", "size", found=("next",))
BY_OFFSET = OffsetPaging("start", "size", total=("total",))


class Row(BaseModel):
    """A row, of the kind that is asked for or not."""

    wanted: bool


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
async def test_filled_pages_hold_each_wanted_row_once(kinds: list[bool], limit: int, size: int, most: int) -> None:
    """No page of ours is longer than its limit, it reads few pages of the vendor's, and none is lost or comes twice."""
    rows = [Row(wanted=kind) for kind in kinds]
    asked = 0

    async def ask(call: Call) -> Page[Row]:
        nonlocal asked
        asked += 1
        start = int(call.start.page.get("start", 0))
        more = Position.of({"start": start + size}) if start + size < len(rows) else None
        return Page(rows[start : start + size], {"start": start}, more)

    seen: list[Row] = []
    call = Call("list")
    for _ in range(len(rows) + 1):
        asked = 0
        page = await fill(call, ask, lambda row: row.wanted, limit=limit, most=most)
        new = page.rows[call.start.skip :]
        assert asked <= most
        assert len(new) <= limit
        whole = not seen and page.next is None
        place = f"rows {len(seen) + 1} to {len(seen) + len(new)}" if new and not whole else f"{len(new)} rows"
        assert page.count("rows") == ("0 more rows" if seen and not new else place)
        seen += new
        if page.next is None:
            break
        call = replace(call, start=page.next)
    assert [id(row) for row in seen] == [id(row) for row in rows if row.wanted]


@pytest.mark.parametrize(
    ("paging", "here", "before"),
    [
        (NUMBERED, {"size": 30}, 0),
        (NUMBERED, {"size": "30", "page": "3"}, 60),
        (NUMBERED, {"size": 30, "after": "abc"}, None),
        (LinkPaging(pointers=("page",), size="size"), {"size": 30, "page": "3"}, None),
        (BY_CURSOR, {"size": 30}, 0),
        (BY_CURSOR, {"size": 30, "cursor": "abc"}, None),
        (BY_OFFSET, {"size": 30, "start": 60}, 60),
    ],
)
def test_rows_before_a_page_are_known_where_the_vendor_counts(
    paging: Paging, here: Parameters, before: int | None
) -> None:
    """Page numbers and offsets tell how many rows come before; a cursor does not."""
    assert paging.before(here) == before


def test_a_head_counts_a_whole_list_and_numbers_a_part() -> None:
    """A whole list is counted, of a part its place in the list is told, and of one at an unknown place its length."""
    rows, more = [Row(wanted=True)] * 2, Position.of({"page": 2})
    assert Page(rows, {}, None, before=0).count("labels") == "2 labels"
    assert Page(rows, {}, more, before=0).count("labels") == "labels 1 to 2"
    assert Page(rows, {}, None, before=4).count("labels") == "labels 5 to 6"
    assert Page(rows, {}, more, before=None).count("labels") == "2 more labels"
    assert Page(rows, {}, more, before=4, skipped=1).count("labels") == "labels 6 to 6"
    assert Page([], {}, None, before=4).count("labels") == "0 more labels"
    assert Page(rows, {}, more, before=4).count("labels", hidden=1) == "1 of labels 5 to 6"


def test_a_cursor_counts_where_the_vendor_does_not() -> None:
    """Of a vendor whose cursors tell no place, ours count the rows: the numbers go on over the pages."""
    row, call = Row(wanted=True), Call("list")
    first = made_page(BY_CURSOR, call, {"size": 2}, Position.of({"cursor": "abc"}), [row, row], 2)
    assert first.next is not None
    second = made_page(BY_CURSOR, replace(call, start=first.next), {"size": 2, "cursor": "abc"}, None, [row], 1)
    assert (first.count("rows"), second.count("rows")) == ("rows 1 to 2", "rows 3 to 3")
    assert Position.of(second.here, skip=1).page["counted"] == "2"


async def test_a_ceiling_of_the_vendors_is_told_at_its_end_alone() -> None:
    """Where a list ends at the vendor's ceiling, the caller is told that there may be more."""
    notes = [{"id": number, "text": "x"} for number in range(3)]
    async with Corkboard().running() as corkboard, corkboard.tools() as tools:
        corkboard.says(notes)
        assert "Corkboard lists 3 here at the most" in (await said(tools, "list_notes"))[0]
        corkboard.says(notes, link='<https://x.example/?after=3>; rel="next"')
        assert "at the most" not in (await said(tools, "list_notes"))[0]
        corkboard.says(notes[:2])
        assert "at the most" not in (await said(tools, "list_notes"))[0]
