"""Every list that a server's tools give is counted, has an end, and says by what it was narrowed."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from conformance.servers.conftest import Open, Subject
from conformance.servers.rewriting import lists, replaced
from conformance.servers.variants import Variant

CURSOR = re.compile(r"\nnext_cursor: (\S+)\Z")
FENCED = re.compile(r"<foreign-([0-9a-f]{8}) '[^\n]*'>\n(.*?)\n</foreign-\1>", re.DOTALL)
FENCE = re.compile(r"<foreign-[0-9a-f]{8} ('[^\n]*'>\n.*?)\n</foreign-", re.DOTALL)
MOST_CALLS = 50
NUMBERED = re.compile(r"\b(\d+) to (\d+)\b")
"""What `Page.count` says of a part of a list."""
FIRST = re.compile(r"^((1)) of \d+ ")
"""How a search begins: one of all that it found."""


async def test_a_reading_tool_is_answered(opened: Open, variant: Variant) -> None:
    """Each tool that reads takes part in this suite: its samples are answered, by `method` and `kind` too."""
    said = await opened.say(variant.tool, variant.arguments)
    assert not said.is_error, f"give `samples` values for {variant.name} that the stand-in answers: {said.text}"


async def test_a_list_is_counted_and_ends(subject: Subject, opened: Open, listing: Variant) -> None:
    """Its pages hold each row once and say which of all rows it is; together they are the whole, which is counted."""
    subject.record.plenty(subject.app.stand_in)
    pages = await _pages(opened, listing, 1)
    whole = await _pages(opened, listing, listing.most)
    assert len(pages) > 1, (
        f"{listing.name} shows one row: give the stand-in `plenty`, or name it in `singles` or `whole`"
    )
    last = 0
    for page in pages:
        head = page.splitlines()[0]
        found = NUMBERED.search(head) or FIRST.search(head)
        assert found, f"{listing.name} does not say which rows these are: {head}"
        assert int(found[1]) == last + 1, head
        last = int(found[2])
    assert len(whole) > 1 or re.search(rf"\b{last}\b", whole[0].splitlines()[0]), whole[0]
    assert len({tuple(FENCE.findall(page)) for page in pages}) == len(pages)
    assert {row for page in pages for row in _rows(page)} == {row for page in whole for row in _rows(page)}


async def test_an_empty_list_is_told(subject: Subject, opened: Open, rowed: Variant) -> None:
    """A list without rows is no error, and says that there are none, and by which arguments it was narrowed."""
    subject.rewriter.change = _emptied
    said = await opened.say(rowed.tool, rowed.arguments)
    assert not said.is_error, said.text
    assert re.search(r"\b(0|no)\b", said.text.splitlines()[0]), said.text
    for name, value in rowed.filters.items():
        said = await opened.say(rowed.tool, {**rowed.arguments, name: value})
        head = said.text.splitlines()[0]
        told = re.search(rf"\b{name}\b", head) or str(value) in head
        assert told or said.is_error or _rows(said.text), f"{name} is neither told nor refused: {head}"


async def _pages(opened: Open, listing: Variant, limit: int | None) -> list[str]:
    """Return the replies of a list, from the first to the last."""
    pages: list[str] = []
    cursor: Mapping[str, Any] = {}
    for _ in range(MOST_CALLS):
        said = await opened.say(listing.tool, {**listing.arguments, "limit": limit, **cursor})
        assert not said.is_error, said.text
        pages.append(said.text)
        found = CURSOR.search(said.text)
        if found is None:
            return pages
        cursor = {"cursor": found[1]}
    pytest.fail(f"{listing.name} has no end")


def _rows(text: str) -> list[str]:
    return [line for _, inner in FENCED.findall(text) for line in inner.splitlines()]


def _emptied(document: Any) -> Any:
    for path, _ in lists(document):
        document = replaced(document, path, [])
    return document
