"""Releases, the notes that GitHub generates, and deployments."""

import re
from datetime import datetime
from typing import Self

from mcp_kit.formatting import quote, stamp
from mcp_kit.lockdown import leaves_out
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field, model_validator

from github_mcp.models.addresses import plain_address
from github_mcp.models.people import GHOST, LEFT_OUT, User
from github_mcp.models.threads import EXCERPT

MERGED = re.compile(r"(?m)^\* .*( by @\S+ in https?://\S+/pull/[0-9]+)\s*$")
"""A line of generated notes: the title of a pull request, by whom it is, and where."""


class Asset(VendorDocument):
    """A file that people download with a release."""

    name: str
    size: int
    download_count: int

    def row(self) -> str:
        """Write it in one row."""
        return f"{show_name(self.name)} {self.size} bytes, {self.download_count} downloads"


class Release(VendorDocument):
    """A release; a draft is not published, and its tag may not be there yet."""

    tag_name: str
    target_commitish: str
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    author: User = GHOST
    published_at: datetime | None = None
    html_url: str = ""
    assets: list[Asset] = Field(default_factory=list)

    @property
    def address(self) -> str:
        """Its web address; empty if it is none that can be shown."""
        return plain_address(self.html_url)

    def brief(self) -> str:
        """Write tag, state and name in one row."""
        state = "draft" if self.draft else "prerelease" if self.prerelease else "published"
        when = f" {stamp(self.published_at)}" if self.published_at else ""
        named = f" {quote(self.name)}" if self.name and self.name != self.tag_name else ""
        return f"{show_name(self.tag_name)} {state}{when}{named}"

    def row(self, *, excerpt: int = EXCERPT) -> str:
        """Write it in one row, ending with the beginning of its notes."""
        row = f"{self.brief()} by {self.author.name}"
        row += f", of {show_name(self.target_commitish)}" if self.draft else ""
        row += f", {len(self.assets)} assets" if self.assets else ""
        return f"{row}: {quote(self.body, excerpt)}" if excerpt and self.body else row

    def text(self) -> str:
        """Write the row, its assets and the whole notes below it."""
        rows = [self.row(excerpt=0), *(asset.row() for asset in self.assets)]
        return "\n".join([*rows, self.body or "(no notes)"])


class Notes(VendorDocument):
    """The name and text that GitHub proposes for a release.

    They do not tell who may push, so that in lockdown all titles of pull requests are left out.
    """

    name: str
    body: str

    @model_validator(mode="after")
    def _leave_out(self) -> Self:
        if MERGED.search(self.body) and leaves_out():
            self.body = MERGED.sub(rf"* {LEFT_OUT}\1", self.body)
        return self


class DeploymentStatus(VendorDocument):
    """A state that a deployment reached."""

    state: str
    description: str | None = None
    created_at: datetime
    log_url: str | None = None

    def brief(self) -> str:
        """Write state, time and what was said of it in a few words."""
        said = f" {quote(self.description)}" if self.description else ""
        log = f" log {self.log_url}" if plain_address(self.log_url) else ""
        return f"{self.state} {stamp(self.created_at)}{said}{log}"


class Deployment(VendorDocument):
    """A commit that was sent to an environment; its statuses are asked for apart."""

    id: int
    ref: str
    sha: str
    environment: str
    creator: User = GHOST
    description: str | None = None
    created_at: datetime

    def row(self, latest: DeploymentStatus | None) -> str:
        """Write it in one row with its latest status."""
        said = f": {quote(self.description)}" if self.description else ""
        state = latest.brief() if latest else "no status yet"
        where = f"{show_name(self.environment)} {show_name(self.ref)} {self.sha[:7]}"
        return f"{where}, {state}, created {stamp(self.created_at)} by {self.creator.name}{said}"
