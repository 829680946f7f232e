"""Pages by a Link, by a cursor in the body and by an offset: one cursor of ours carries each, and each has an end."""

from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_kit.call import Call
from mcp_kit.cursor import Position, decode, encode
from mcp_kit.errors import WrongArguments
from mcp_kit.paging import SAME_PAGE, CursorPaging, LinkPaging, OffsetPaging, Paging, below, next_page
from service_kit.errors import UpstreamError
from service_kit.http import Reply

BY_LINK = LinkPaging(pointers=("page", "after"), size="size")
BY_CURSOR = CursorPaging("cursor", "size", found=("meta", "next"))
BY_OFFSET = OffsetPaging("start", "size", total=("total",))


def reply(**headers: str) -> Reply:
    """Make a vendor's reply."""
    return Reply(200, httpx.Headers(headers), b"")


def answered(paging: Paging, total: int, here: dict[str, str | int], most: int) -> tuple[int, Reply, object]:
    """Answer as a vendor that has rows from 0 and gives `most` at once: how many, the reply and its body."""
    start = int(here.get("start", here.get("cursor", here.get("page", 0))))
    rows = max(0, min(most, int(here["size"]), total - start))
    end = start + rows
    link = f'<https://x.example/?size={here["size"]}&page={end}>; rel="next"; results="{str(end < total).lower()}"'
    return rows, reply(link=link), {"total": total, "meta": {"next": str(end) if end < total else ""}}


@pytest.mark.slow
@given(st.sampled_from([BY_LINK, BY_CURSOR, BY_OFFSET]), st.integers(0, 60), st.integers(1, 9), st.integers(1, 9))
def test_every_way_leads_through_all_rows_once(paging: Paging, total: int, limit: int, most: int) -> None:
    """Each page begins where the last one ended, and the last has no successor, whatever the vendor's own ceiling."""
    seen, cursor = 0, None
    for _ in range(total + 1):
        here = paging.here(Call("list", start=decode(cursor, "q")), limit)
        rows, said, document = answered(paging, total, here, most)
        seen += rows
        following = paging.next(here, said, document, rows)
        if following is None:
            assert seen == total
            return
        cursor = encode(Position.of(following), "q")
    raise AssertionError("the list has no end")


@pytest.mark.parametrize(
    ("paging", "first", "second"),
    [
        (CursorPaging("cursor", None, found=("next",)), {}, {"cursor": "5"}),
        (OffsetPaging("start", None, total=("total",)), {"start": 0}, {"start": 5}),
        (LinkPaging(pointers=("page",)), {}, {"page": "5"}),
    ],
)
def test_a_page_may_have_a_length_of_the_vendors(
    paging: Paging, first: dict[str, str | int], second: dict[str, str | int]
) -> None:
    """Without a parameter for the length only the place is asked for, on the first page and on the next."""
    said = reply(link='<https://x.example/?page=5>; rel="next"')
    assert paging.here(Call("list"), 20) == first
    assert paging.next(first, said, {"next": "5", "total": 9}, 5) == second
    assert paging.here(Call("list", start=Position.of(second)), 20) == second


@pytest.mark.parametrize(
    ("paging", "here"),
    [
        (LinkPaging(pointers=("page",), size="size", number="page"), {"size": 20, "page": 3}),
        (BY_OFFSET, {"size": 20, "start": 40}),
    ],
)
def test_a_page_is_asked_for_by_its_number(paging: Paging, here: dict[str, str | int]) -> None:
    """Where the vendor's pages can be counted a caller may begin at any, once: what follows goes on by the cursor."""
    call = Call("list", asked_page=[3])
    assert paging.here(call, 20) == here
    assert call.asked_page == []


@pytest.mark.parametrize("paging", [BY_CURSOR, BY_LINK])
def test_a_page_without_a_number_is_refused_by_it(paging: Paging) -> None:
    """The caller is told to go on by the cursor, and does not get the first page for the third."""
    call = Call("list", asked_page=[3])

    def begin() -> None:
        paging.here(call, 20)
        call.refuse_page()

    with pytest.raises(WrongArguments, match="page=3 is not taken here") as told:
        begin()
    assert "next_cursor" in (told.value.next_step or "")


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ('<https://x.example/?page=2&size=5&token=t>; rel="next"', {"size": "5", "page": "2"}),
        ('<https://x.example/?page=2>; rel="next", <https://x.example/?page=9>; rel="last"', {"page": "2"}),
        ('<https://x.example/?page=0>; rel="prev", <https://x.example/?page=2>; rel=next', {"page": "2"}),
        ('<https://x/?after=0:5:0>; rel="next"; results="true"; cursor="0:5:0"', {"after": "0:5:0"}),
        ('<https://x/?after=0:5:0>; cursor="0:5:0="; results="true"; rel="next"', {"after": "0:5:0"}),
        ('<https://x/?after=0:5:0>; rel="next"; results="false"; cursor="0:5:0"', None),
        (
            '<https://x/?after=a>; rel="previous"; results="false", <https://x/?after=b>; rel="next"; results="true"',
            {"after": "b"},
        ),
        ('<https://x.example/?other=2>; rel="next"', None),
        ("", None),
        ('<<>>; rel="next"', None),
    ],
)
def test_a_link_is_read_whatever_its_form(link: str, following: dict[str, str] | None) -> None:
    """Only `rel=next` counts, only if it leads to results, and of its address only the paging parameters."""
    assert BY_LINK.next({"size": 5}, reply(link=link), [], 5) == following


@pytest.mark.parametrize("name", ["page[cursor]", "$skip", "page2", "pagination.pageToken"])
def test_a_pointer_may_have_any_name(name: str) -> None:
    """A vendor's paging parameter is carried by our cursor whatever the vendor calls it."""
    by_cursor, by_link = CursorPaging(name, "page[size]", found=("next",)), LinkPaging(pointers=(name,))
    following = by_cursor.next({"page[size]": 5}, reply(), {"next": "abc"}, 5)
    linked = by_link.next({}, reply(link=f'<https://x.example/?{quote(name)}=abc>; rel="next"'), [], 5)
    for paging, found in ((by_cursor, following), (by_link, linked)):
        assert found is not None
        start = decode(encode(Position.of(found), "q"), "q")
        assert paging.here(Call("list", start=start), 9)[name] == "abc"


@pytest.mark.parametrize(
    ("paging", "again"),
    [
        (BY_CURSOR, (reply(), {"meta": {"next": "7"}})),
        (BY_LINK, (reply(link='<https://x.example/?page=7>; rel="next"'), None)),
    ],
)
def test_a_page_that_names_itself_as_the_next_ends_the_list(paging: Paging, again: tuple[Reply, object]) -> None:
    """A next page that is the present one is not followed, and the caller is told; the first page has another."""
    pointer = "cursor" if paging is BY_CURSOR else "page"
    call = Call("list", start=Position.of({pointer: "7"}))
    said, document = again
    assert next_page(paging, call, paging.here(call, 5), said, document, 5) is None
    assert call.notes == [SAME_PAGE]
    first = Call("list")
    following = next_page(paging, first, paging.here(first, 5), said, document, 5)
    assert following is not None
    assert (following.page[pointer], first.notes) == ("7", [])


@pytest.mark.parametrize("cursor", ["x" * 801, 'a"b', "a b", "é"])
def test_a_cursor_that_cannot_be_carried_is_told(cursor: str) -> None:
    """A list does not end silently where the vendor names a next page in a form that we cannot carry."""
    with pytest.raises(UpstreamError, match="next page"):
        BY_CURSOR.next({"size": 5}, reply(), {"meta": {"next": cursor}}, 5)


def test_a_made_up_cursor_is_no_place() -> None:
    """Of a cursor only numbers are taken where the vendor counts, and only the vendor's own parameters."""
    call = Call("list", start=Position.of({"start": "1;drop", "size": "many", "other": "x"}))
    assert BY_OFFSET.here(call, 5) == {"size": 5, "start": 0}


def test_an_offset_without_a_total_is_told() -> None:
    """A reply that does not say how many rows there are is not of the documented form."""
    with pytest.raises(UpstreamError):
        BY_OFFSET.next({"size": 5, "start": 0}, reply(), {"issues": []}, 5)


@pytest.mark.parametrize(
    ("document", "found"),
    [({"a": {"b": 1}}, 1), ({"a": []}, None), ([], None), (None, None), ({"a": {"b": None}}, None)],
)
def test_what_lies_below_keys_is_found_or_nothing(document: object, found: object) -> None:
    """A missing key on the way is no crash."""
    assert below(document, ("a", "b")) == found
