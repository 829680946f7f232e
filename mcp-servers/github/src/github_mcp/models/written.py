"""What GitHub answers to writes: of branches, trees, commits, files, and pull requests."""

from datetime import datetime

from mcp_kit.formatting import quote
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field

from github_mcp.models.addresses import shown_address
from github_mcp.models.commits import SHORT, Parent
from github_mcp.models.people import User
from github_mcp.models.repository import NamedRepository


class WrittenRef(VendorDocument):
    """A branch that was written."""

    ref: str
    object: Parent


class WrittenTree(VendorDocument):
    """A tree that was made."""

    sha: str


class WrittenCommit(VendorDocument):
    """A commit that was made."""

    sha: str
    html_url: str = ""

    @property
    def words(self) -> str:
        """Its beginning, and where people read it."""
        return f"{self.sha[:SHORT]}{shown_address(self.html_url)}"


class WrittenFile(VendorDocument):
    """The reply to the write of a file."""

    commit: WrittenCommit


class Merged(VendorDocument):
    """The reply to a merge."""

    sha: str = ""
    merged: bool = False


class Forked(VendorDocument):
    """A repository, and what it was forked from, if it was."""

    parent: NamedRepository | None = None
    source: NamedRepository | None = None

    @property
    def origins(self) -> list[str]:
        """The names of what it was forked from."""
        return [one.full_name for one in (self.parent, self.source) if one]


class Side(VendorDocument):
    """One side of a pull request."""

    ref: str
    sha: str
    repo: NamedRepository | None = None


class RequestedTeam(VendorDocument):
    """A team that was asked for a review."""

    slug: str


class WrittenPull(VendorDocument):
    """A pull request as it is after a write."""

    number: int
    title: str
    state: str
    draft: bool = False
    merged_at: datetime | None = None
    mergeable_state: str | None = None
    head: Side
    base: Side
    body: str | None = None
    html_url: str = ""
    requested_reviewers: list[User] = Field(default_factory=list)
    requested_teams: list[RequestedTeam] = Field(default_factory=list)

    @property
    def reviewers(self) -> set[str]:
        """Who is asked for a review, case aside."""
        teams = {team.slug.casefold() for team in self.requested_teams}
        return {user.login.casefold() for user in self.requested_reviewers} | teams

    def row(self) -> str:
        """Write it in one row."""
        state = "merged" if self.merged_at else "draft" if self.draft and self.state == "open" else self.state
        names = " ".join(
            [*(user.name for user in self.requested_reviewers), *(one.slug for one in self.requested_teams)]
        )
        sides = f"{show_name(self.head.ref)} {self.head.sha[:SHORT]} -> {show_name(self.base.ref)}"
        asked = f", reviewers {names}" if names else ""
        return f"#{self.number} {state} {quote(self.title, 256)}, {sides}{asked}"
