"""Accounts, and what they wrote."""

import re
from typing import ClassVar, Self

from mcp_kit.lockdown import leaves_out
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import PrivateAttr, model_validator

LOGIN = re.compile(r"[A-Za-z0-9_-]{1,64}(\[bot\])?")
PUSHING = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""The associations of authors who may push. The others are CONTRIBUTOR, FIRST_TIMER, NONE and their like."""
BOTS = frozenset({"github-actions[bot]", "copilot"})
"""GitHub's own accounts, whose texts stay: github-mcp-server trusts the same, as its README says of lockdown mode."""
LEFT_OUT = "(left out by lockdown)"


class User(VendorDocument):
    """An account; GitHub gives none for a deleted one."""

    login: str

    @property
    def name(self) -> str:
        """The login, quoted if it is none."""
        return self.login if LOGIN.fullmatch(self.login) else show_name(self.login)


GHOST = User(login="ghost")


class Authored(VendorDocument):
    """What an account wrote. In lockdown the texts of an author without push access are left out as they are read.

    GitHub tells an author's association, which is less exact than a permission: a member or collaborator counts as one
    who may push.
    """

    texts: ClassVar[tuple[str, ...]] = ("body",)
    """The fields whose words are the author's."""

    user: User = GHOST
    author_association: str = "NONE"
    _withheld: bool = PrivateAttr(default=False)

    @property
    def place(self) -> str | None:
        """The repository in which it stands, if GitHub tells it."""
        return None

    @property
    def withheld(self) -> bool:
        """Whether texts were left out."""
        return self._withheld

    def _before_leaving_out(self) -> None:
        """Keep what is read of the texts later, and shows none of their words."""

    @model_validator(mode="after")
    def _leave_out(self) -> Self:
        trusted = self.author_association in PUSHING or self.user.login.lower() in BOTS
        found = [] if trusted else [name for name in self.texts if getattr(self, name)]
        if found and leaves_out(self.place):
            self._withheld = True
            self._before_leaving_out()
            for name in found:
                setattr(self, name, LEFT_OUT)
        return self
