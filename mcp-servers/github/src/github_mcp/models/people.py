"""Accounts."""

import re

from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument

LOGIN = re.compile(r"[A-Za-z0-9_-]{1,64}(\[bot\])?")


class User(VendorDocument):
    """An account; GitHub gives none for a deleted one."""

    login: str

    @property
    def name(self) -> str:
        """The login, quoted if it is none."""
        return self.login if LOGIN.fullmatch(self.login) else show_name(self.login)


GHOST = User(login="ghost")
