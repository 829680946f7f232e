"""Pull requests and their files."""

from datetime import datetime

from mcp_kit.formatting import quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field

from github_mcp.models.people import User
from github_mcp.models.threads import Thread


class Side(VendorDocument):
    """One side of a pull request; its label is `owner:branch`."""

    label: str | None = None
    ref: str
    sha: str


class Pull(Thread):
    """A pull request; what follows `base` only a single one has."""

    draft: bool = False
    merged_at: datetime | None = None
    requested_reviewers: list[User] = Field(default_factory=list)
    head: Side
    base: Side
    comments: int | None = None
    review_comments: int | None = None
    mergeable_state: str | None = None
    commits: int | None = None
    additions: int | None = None
    deletions: int | None = None
    changed_files: int | None = None

    def _middle(self) -> tuple[str, ...]:
        reviewers = " ".join(user.name for user in self.requested_reviewers)
        size = f"{self.commits} commits, {self.changed_files} files +{self.additions} -{self.deletions}"
        return (
            "draft" if self.draft else "",
            f"merged {stamp(self.merged_at)}" if self.merged_at else "",
            f"{show_name(self.head.label or self.head.ref)} -> {show_name(self.base.ref)}",
            f"reviewers {reviewers}" if reviewers else "",
            *super()._middle(),
            size if self.changed_files is not None else "",
            f"mergeable_state {quote(self.mergeable_state)}" if self.mergeable_state else "",
            f"{self.comments} comments" if self.comments else "",
            f"{self.review_comments} review comments" if self.review_comments else "",
        )


class PullFile(VendorDocument):
    """A changed file; GitHub leaves the patch of a binary or very large one out."""

    filename: str
    status: str
    additions: int
    deletions: int
    previous_filename: str | None = None
    patch: str | None = None

    def row(self) -> str:
        """Write it in one row."""
        before = f" from {show_name(self.previous_filename)}" if self.previous_filename else ""
        return f"{self.status} {show_name(self.filename)}{before} +{self.additions} -{self.deletions}"

    def diff(self) -> str:
        """Write the row and its patch below."""
        return f"{self.row()}\n{self.patch or '(no text diff: binary, too large or unchanged)'}"
