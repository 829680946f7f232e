"""Issues, and what they have in common with pull requests: comments, labels, rows of a list."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar

from mcp_kit.formatting import beginning, quote, stamp
from mcp_kit.reply import Item, rows, section
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import BeforeValidator, Field, PrivateAttr

from github_mcp.models.addresses import plain_address
from github_mcp.models.people import Authored, User
from github_mcp.models.planning import IssueType, MilestoneTitle, Reactions, SubIssuesSummary

OF_REPOSITORY = re.compile(r"/repos/([\w.-]+/[\w.-]+)\Z", re.ASCII)
OF_ISSUE = re.compile(r"/repos/([\w.-]+/[\w.-]+)/issues/([0-9]+)\Z", re.ASCII)
CLOSES = re.compile(
    r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:https?://[^/\s]{1,100}/)?([\w.-]+/[\w.-]+)?(?:#|/issues/)(\d{1,9})\b"
)
"""Source: "Linking a pull request to an issue" at docs.github.com."""
EXCERPT = 160


class Label(VendorDocument):
    """A label of a repository."""

    name: str
    description: str | None = None

    def row(self) -> str:
        """Write it in one row."""
        return f"{show_name(self.name)} {quote(self.description)}" if self.description else show_name(self.name)


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
    milestone: MilestoneTitle | None = None
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
    html_url: str = ""
    id: int = 0
    type: IssueType | None = None
    reactions: Reactions = Reactions.model_validate({})
    sub_issues_summary: SubIssuesSummary = SubIssuesSummary()
    parent_issue_url: str | None = None

    _closes: list[tuple[str, int]] | None = PrivateAttr(default=None)

    @property
    def place(self) -> str | None:
        """The repository in which it stands, if GitHub tells it."""
        return self.repository or None

    @property
    def repository(self) -> str:
        """The repository that GitHub counts it to; empty if it names none."""
        found = OF_REPOSITORY.search(self.repository_url)
        return found[1] if found else ""

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return plain_address(self.html_url)

    def says_it_closes(self, repository: str, number: int) -> bool:
        """Return whether its text closes an issue when it is merged into the default branch."""
        closed = self._closes if self._closes is not None else self._read_closes()
        return (repository.casefold(), number) in closed

    def _before_leaving_out(self) -> None:
        self._closes = self._read_closes()

    def _read_closes(self) -> list[tuple[str, int]]:
        found = CLOSES.finditer(self.body or "")
        return [((one[1] or self.repository).casefold(), int(one[2])) for one in found]

    def is_in(self, repository: str) -> bool:
        """Return whether GitHub says that it belongs to a repository."""
        return self.repository_url.casefold().endswith(f"/repos/{repository.casefold()}")

    def _middle(self) -> tuple[str, ...]:
        pull = self.pull_request
        kind = ("pull request draft" if self.draft else "pull request") if pull else ""
        merged = f"merged {stamp(pull.merged_at)}" if pull and pull.merged_at else ""
        reason = f"because {self.state_reason}" if self.state == "closed" and self.state_reason else ""
        comments = f"{self.comments} comments" if self.comments else ""
        type_, subs = self.type, self.sub_issues_summary
        parent = OF_ISSUE.search(self.parent_issue_url or "")
        return (
            kind,
            merged,
            reason,
            f"type {show_name(type_.name)}" if type_ else "",
            *super()._middle(),
            comments,
            f"{subs.completed} of {subs.total} sub-issues closed" if subs.total else "",
            f"sub-issue of {parent[1]}#{parent[2]}" if parent else "",
            self.reactions.shown,
        )


def found_items(issues: Sequence[Issue], label: str, detail: str) -> list[Item]:
    """Make the items of a list of several repositories, each of which names its own."""
    if detail == "full":
        return [section(f"{one.repository}#{one.number}", one.text()) for one in issues]
    return rows(label, [f"{one.repository}{one.brief() if detail == 'brief' else one.row()}" for one in issues])


class Source(VendorDocument):
    """Where an issue is mentioned."""

    issue: Issue | None = None


class TimelineEvent(VendorDocument):
    """What happened to an issue."""

    event: str = ""
    source: Source | None = None
    commit_id: str | None = None


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
    issue_url: str = ""
    reactions: Reactions = Reactions.model_validate({})

    def is_on(self, repository: str, number: int) -> bool:
        """Return whether GitHub says that it is on this issue or pull request."""
        return self.issue_url.casefold().endswith(f"/repos/{repository}/issues/{number}".casefold())

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return plain_address(self.html_url)

    def text(self, limit: int | None) -> str:
        """Write who wrote it and when, and below it the text, up to a limit."""
        edited = f", edited {stamp(self.updated_at)}" if self.updated_at != self.created_at else ""
        body = self.body or "(empty)"
        author = f"{self.user.name} ({self.author_association})"
        reactions = f", {self.reactions.shown}" if self.reactions.shown else ""
        return f"by {author}, {stamp(self.created_at)}{edited}{reactions}\n{beginning(body, limit) if limit else body}"
