"""What issues are planned by: milestones, types, and reactions to them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mcp_kit.formatting import quote
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import BaseModel, ConfigDict, Field

from github_mcp.models.people import GHOST, User


class MilestoneTitle(VendorDocument):
    """A milestone, as an issue tells of it."""

    number: int = 0
    title: str


class Milestone(MilestoneTitle):
    """A milestone of a repository."""

    state: str
    description: str | None = None
    due_on: datetime | None = None
    open_issues: int = 0
    closed_issues: int = 0

    def row(self) -> str:
        """Write it in one row."""
        due = f", due {self.due_on:%Y-%m-%d}" if self.due_on else ""
        about = f": {quote(self.description, 160)}" if self.description else ""
        counts = f"{self.open_issues} open, {self.closed_issues} closed"
        return f"{self.number} {self.state} {show_name(self.title)}, {counts}{due}{about}"


class IssueType(VendorDocument):
    """A type that issues can have."""

    name: str
    description: str | None = None
    is_enabled: bool = True

    def row(self) -> str:
        """Write it in one row."""
        about = f" {quote(self.description, 160)}" if self.description else ""
        return f"{show_name(self.name)}{about}{'' if self.is_enabled else ', switched off'}"


class Reaction(VendorDocument):
    """One account's reaction."""

    id: int
    content: str
    user: User = GHOST


class SubIssuesSummary(VendorDocument):
    """How many sub-issues an issue has, and how many of them are closed."""

    total: int = 0
    completed: int = 0


class Reactions(BaseModel):
    """How often each reaction was given."""

    model_config = ConfigDict(extra="ignore")

    plus: int = Field(0, alias="+1")
    minus: int = Field(0, alias="-1")
    laugh: int = 0
    hooray: int = 0
    confused: int = 0
    heart: int = 0
    rocket: int = 0
    eyes: int = 0

    @property
    def shown(self) -> str:
        """The counts that are not zero; empty where nobody reacted."""
        given: Mapping[str, Any] = self.model_dump(by_alias=True)
        counts = " ".join(f"{name} {count}" for name, count in given.items() if count)
        return f"reactions {counts}" if counts else ""
