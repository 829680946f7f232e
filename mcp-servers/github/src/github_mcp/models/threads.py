"""Issues, and what they have in common with pull requests: comments, labels, rows of a list."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

from mcp_kit.formatting import beginning, quote, stamp
from mcp_kit.reply import Item, rows, section
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import BeforeValidator, Field

from github_mcp.models.people import Authored, User

ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/#-]{1,300}")
EXCERPT = 160


class Label(VendorDocument):
    """A label of a repository."""

    name: str
    description: str | None = None

    def row(self) -> str:
        """Write it in one row."""
        return f"{show_name(self.name)} {quote(self.description)}" if self.description else show_name(self.name)


class Milestone(VendorDocument):
    """A milestone, of which the title is enough."""

    title: str


class PullMark(VendorDocument):
    """What an issue that is a pull request says of it."""

    merged_at: datetime | None = None


Labels = Annotated[
    list[Label],
    BeforeValidator(lambda labels: [{"name": item} if isinstance(item, str) else item for item in labels]),
]


class Thread(Authored):
    """What issues and pull requests have in common."""

    texts: ClassVar[tuple[str, ...]] = ("title", "body")

    number: int
    title: str
    state: str
    labels: Labels = Field(default_factory=list)
    assignees: list[User] = Field(default_factory=list)
    milestone: Milestone | None = None
    locked: bool = False
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    body: str | None = None

    def row(self, *, excerpt: int = EXCERPT) -> str:
        """Write it in one row, ending with the beginning of its body."""
        row = ", ".join(part for part in (*self._beginning(), *self._middle(), *self._end()) if part)
        return f"{row}: {quote(self.body, excerpt)}" if excerpt and self.body else row

    def brief(self) -> str:
        """Write number, state and title in one row."""
        return f"#{self.number} {self.state} {quote(self.title, 256)}"

    def text(self) -> str:
        """Write the row and the whole body below it."""
        return f"{self.row(excerpt=0)}\n{self.body or '(no body)'}"

    def _beginning(self) -> tuple[str, ...]:
        return (f"{self.brief()} by {self.user.name} ({self.author_association})",)

    def _middle(self) -> tuple[str, ...]:
        return (
            "labels " + " ".join(show_name(label.name) for label in self.labels) if self.labels else "",
            "assignees " + " ".join(user.name for user in self.assignees) if self.assignees else "",
            f"milestone {show_name(self.milestone.title)}" if self.milestone else "",
            "locked" if self.locked else "",
        )

    def _end(self) -> tuple[str, ...]:
        return (
            f"created {stamp(self.created_at)}",
            f"updated {stamp(self.updated_at)}" if self.updated_at != self.created_at else "",
            f"closed {stamp(self.closed_at)}" if self.closed_at else "",
        )


def thread_items(threads: Sequence[Thread], label: str, repository: str, detail: str) -> list[Item]:
    """Make the items of a list: titles (brief), rows (compact), or rows with whole bodies (full)."""
    if detail == "full":
        return [section(f"{repository}#{thread.number}", thread.text()) for thread in threads]
    return rows(
        f"{label} of {repository}", [thread.brief() if detail == "brief" else thread.row() for thread in threads]
    )


class Issue(Thread):
    """An issue, or a pull request as the issues API shows it."""

    state_reason: str | None = None
    comments: int = 0
    draft: bool = False
    pull_request: PullMark | None = None
    repository_url: str = ""

    def is_in(self, repository: str) -> bool:
        """Return whether GitHub says that it belongs to a repository."""
        return self.repository_url.casefold().endswith(f"/repos/{repository.casefold()}")

    def _middle(self) -> tuple[str, ...]:
        pull = self.pull_request
        kind = ("pull request draft" if self.draft else "pull request") if pull else ""
        merged = f"merged {stamp(pull.merged_at)}" if pull and pull.merged_at else ""
        reason = f"because {self.state_reason}" if self.state == "closed" and self.state_reason else ""
        comments = f"{self.comments} comments" if self.comments else ""
        return (kind, merged, reason, *super()._middle(), comments)


class Found(VendorDocument):
    """A page of search results."""

    total_count: int
    incomplete_results: bool = False
    items: list[Any]


class Comment(Authored):
    """A comment on an issue or pull request."""

    id: int
    created_at: datetime
    updated_at: datetime
    body: str | None = None
    html_url: str = ""

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return self.html_url if ADDRESS.fullmatch(self.html_url) else ""

    def text(self, limit: int | None) -> str:
        """Write who wrote it and when, and below it the text, up to a limit."""
        edited = f", edited {stamp(self.updated_at)}" if self.updated_at != self.created_at else ""
        body = self.body or "(empty)"
        author = f"{self.user.name} ({self.author_association})"
        return f"by {author}, {stamp(self.created_at)}{edited}\n{beginning(body, limit) if limit else body}"
