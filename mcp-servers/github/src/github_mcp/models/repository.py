"""A repository as GitHub names it in what belongs to it."""

import re

from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument

FULL_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


class NamedRepository(VendorDocument):
    """A repository."""

    full_name: str
    private: bool = False

    @property
    def name(self) -> str:
        """Its owner and name, quoted if they are none."""
        return self.full_name if FULL_NAME.fullmatch(self.full_name) else show_name(self.full_name)
