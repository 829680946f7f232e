"""Projects of an organization: their fields, and their items with values of these: plain records."""

from dataclasses import dataclass, field
from datetime import date, datetime

from stand_ins.github.accounts import User
from stand_ins.github.records import Issue

Value = str | float | None


@dataclass(frozen=True)
class Option:
    """A choice of a single select field, or an iteration, which has a start."""

    id: str
    name: str
    start: date | None = None
    days: int = 14


@dataclass
class ProjectField:
    """A field of a project; those of types beyond `SETTABLE` show what stands elsewhere, as who is assigned."""

    id: int
    name: str
    data_type: str
    created_at: datetime
    options: list[Option] = field(default_factory=list)


SETTABLE = frozenset({"text", "number", "date", "single_select", "iteration"})


@dataclass
class ProjectItem:
    """An issue or a pull request in a project, or a draft, which has a title and a text of its own.

    `values` are by the id of their field; a choice is kept by its own id.
    """

    id: int
    issue: Issue | None
    creator: User
    created_at: datetime
    updated_at: datetime
    title: str = ""
    body: str = ""
    values: dict[int, Value] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """GitHub's word for what it is."""
        if self.issue is None:
            return "DraftIssue"
        return "PullRequest" if self.issue.pull else "Issue"


@dataclass
class Project:
    """A project of an organization."""

    id: int
    owner: User
    number: int
    title: str
    creator: User
    created_at: datetime
    description: str | None = None
    fields: list[ProjectField] = field(default_factory=list)
    items: list[ProjectItem] = field(default_factory=list)
