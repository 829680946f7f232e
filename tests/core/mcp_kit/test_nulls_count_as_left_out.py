"""A vendor's null where a field takes none is as if the vendor had left the field out, whatever name it has."""

from mcp_kit.vendor_document import VendorDocument
from pydantic import Field


class Note(VendorDocument):
    """A document with a field of the vendor's own name."""

    pages: list[str] = Field(default_factory=list)
    readers: list[str] = Field(default_factory=list, alias="sharedWith")
    editor: str | None = Field("nobody", alias="lastEditor")


def test_a_null_counts_as_left_out_by_the_vendors_name_too() -> None:
    """Null is left out where the field takes none, by its own name and by the vendor's; elsewhere null stays."""
    note = Note.model_validate({"pages": None, "sharedWith": None, "lastEditor": None})
    assert (note.pages, note.readers, note.editor) == ([], [], None)
