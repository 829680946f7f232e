"""What a vendor answers in another form is told or left out by name, however deep a model looks for it."""

from typing import Any

import pytest
from mcp_kit.call import Call
from mcp_kit.vendor_document import VendorDocument
from mcp_kit.vendor_reader import MOST_NAMED, VendorReader
from pydantic import model_validator
from service_kit.errors import UpstreamError

READER = VendorReader("Corkboard")


class Pin(VendorDocument):
    """A row, whose colour is in a nested document."""

    name: str
    colour: str = ""

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        return {"name": given["name"], "colour": given["look"].get("colour")}


class Board(VendorDocument):
    """A document with rows."""

    title: str
    pins: list[Pin]


GOOD = {"name": "a", "look": {"colour": "red"}}


@pytest.mark.parametrize("odd", [{}, {"name": "a"}, {"name": "a", "look": "red"}, {"name": "a", "look": None}, "a", 7])
def test_a_model_that_finds_another_type_says_so(odd: Any) -> None:
    """A nested document of another type is the vendor's fault, and no failure inside the tool."""
    with pytest.raises(UpstreamError, match="not of the documented form"):
        READER.read(Pin, odd)


def test_rows_within_a_document_are_left_out_by_name() -> None:
    """Of a document's own list the odd rows are left out and named, at most five of them; the others are read."""
    call = Call("list")
    board = READER.read_listing(call, Board, {"title": "t", "pins": [GOOD, *[{}] * (MOST_NAMED + 2)]}, pins=Pin)
    assert [pin.name for pin in board.pins] == ["a"]
    (note,) = call.notes
    assert "row 2 (" in note
    assert note.endswith(" and 2 more.")
