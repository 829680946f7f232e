"""Accounts and teams as a caller asks for them, and repositories as a search finds them."""

import re
from datetime import datetime

from mcp_kit.formatting import quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument

from github_mcp.models.people import User
from github_mcp.models.repository import NamedRepository

SLUG = re.compile(r"[a-z0-9._-]{1,200}")
ORGANIZATION = re.compile(r"/orgs/([\w-]+)/teams", re.ASCII)


class Me(User):
    """The account whose token this is."""

    type: str = "User"
    company: str | None = None

    def row(self) -> str:
        """Write it in one row."""
        company = f", company {quote(self.company)}" if self.company else ""
        return f"{self.name} ({show_name(self.type)}){company}"


class FoundUser(User):
    """An account that a search found."""

    type: str = "User"

    def row(self) -> str:
        """Write it in one row."""
        return self.name if self.type == "User" else f"{self.name} ({show_name(self.type)})"


class Team(VendorDocument):
    """A team of an organization."""

    slug: str
    name: str
    html_url: str = ""
    description: str | None = None
    members_count: int | None = None

    @property
    def organization(self) -> str:
        """The organization that it is of; empty if GitHub does not say."""
        found = ORGANIZATION.search(self.html_url)
        return found[1] if found else ""

    def row(self) -> str:
        """Write it in one row, beginning with the name by which members are asked for."""
        slug = self.slug if SLUG.fullmatch(self.slug) else show_name(self.slug)
        members = f", {self.members_count} members" if self.members_count is not None else ""
        about = f": {quote(self.description, 160)}" if self.description else ""
        return f"{self.organization}/{slug} {show_name(self.name)}{members}{about}"


class FoundRepository(NamedRepository):
    """A repository in a list of several."""

    description: str | None = None
    archived: bool = False
    fork: bool = False
    language: str | None = None
    stargazers_count: int = 0
    open_issues_count: int = 0
    default_branch: str = ""
    pushed_at: datetime | None = None
    html_url: str = ""

    def row(self) -> str:
        """Write it in one row."""
        marks = [word for word, is_so in (("private", self.private), ("archived", self.archived)) if is_so]
        marks += ["fork"] if self.fork else []
        facts = [
            f"{self.name} {' '.join(marks)}".rstrip(),
            show_name(self.language) if self.language else "",
            f"{self.stargazers_count} stars" if self.stargazers_count else "",
            f"{self.open_issues_count} open issues and pull requests" if self.open_issues_count else "",
            f"branch {show_name(self.default_branch)}" if self.default_branch not in ("", "main") else "",
            f"pushed {stamp(self.pushed_at)}" if self.pushed_at else "",
        ]
        row = ", ".join(fact for fact in facts if fact)
        return f"{row}: {quote(self.description, 160)}" if self.description else row
