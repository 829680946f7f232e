"""Files and folders."""

from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument


class Entry(VendorDocument):
    """A file, folder, link or submodule of a repository; only a single file has content."""

    type: str
    path: str
    size: int = 0
    content: str | None = None
    encoding: str | None = None

    def row(self) -> str:
        """Write it in one row."""
        return f"{self.type} {show_name(self.path)}" + (f" {self.size} bytes" if self.type == "file" else "")
