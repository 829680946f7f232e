"""Gists: files of a person, in no repository."""

import re
from datetime import datetime

from mcp_kit.formatting import quote, stamp
from mcp_kit.reply import Item, section
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field
from service_kit.untrusted_text import alterations

from github_mcp.models.addresses import plain_address
from github_mcp.models.people import GHOST, User

ID = re.compile(r"[0-9a-f]{1,64}")
MARK = re.compile(r"\s*<!-- agent-bot:effect [0-9a-f-]{36} -->")
"""By which the gateway finds a gist whose reply was lost."""


class GistFile(VendorDocument):
    """A file of a gist; lists do not show what it holds."""

    filename: str
    size: int = 0
    truncated: bool = False
    content: str | None = None
    encoding: str = "utf-8"

    def row(self) -> str:
        """Write name and size."""
        return f"{show_name(self.filename)} {self.size} bytes"

    def text(self) -> str:
        """Write the row, and the content below it."""
        if self.encoding != "utf-8" or self.content is None:
            return f"{self.row()}, which is no text"
        cut = ", of which GitHub shows the beginning" if self.truncated else ""
        cut += "".join(f"; {one}" for one in alterations(self.content))
        return f"{self.row()}{cut}:\n{self.content}"


class Gist(VendorDocument):
    """A gist."""

    id: str
    description: str | None = None
    public: bool = False
    owner: User = GHOST
    files: dict[str, GistFile | None] = Field(default_factory=dict)
    truncated: bool = False
    comments: int = 0
    updated_at: datetime
    html_url: str = ""

    @property
    def kind(self) -> str:
        """Whether it is shown to everybody."""
        return "public" if self.public else "secret"

    @property
    def address(self) -> str:
        """Its web address; empty if it is none that can be shown."""
        return plain_address(self.html_url)

    @property
    def listed(self) -> list[GistFile]:
        """Its files."""
        return [one for one in self.files.values() if one is not None]

    def brief(self) -> str:
        """Write id, kind, description, owner and time in one row."""
        name = self.id if ID.fullmatch(self.id) else show_name(self.id)
        about = MARK.sub("", self.description or "")
        said = f" {quote(about)}" if about else ""
        comments = f", {self.comments} comments" if self.comments else ""
        return f"{name} {self.kind}{said} by {self.owner.name}, updated {stamp(self.updated_at)}{comments}"

    def row(self) -> str:
        """Write it in one row with its files."""
        return f"{self.brief()}: {', '.join(one.row() for one in self.listed)}"

    def items(self, filename: str | None) -> list[Item]:
        """Write out its files, or one of them."""
        chosen = [one for one in self.listed if filename in (None, one.filename)]
        return [section("files of the gist", one.text()) for one in chosen]
