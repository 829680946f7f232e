"""What the stand-in keeps: repositories, labels, issues, comments, pull requests: plain records."""

from dataclasses import dataclass, field
from datetime import datetime

from stand_ins.github.access_records import Invitation
from stand_ins.github.accounts import Role, User
from stand_ins.github.actions_records import Actions
from stand_ins.github.discussions import Category, Discussion
from stand_ins.github.history import ChangedFile, Commit, History
from stand_ins.github.planning import IssueType, Milestone, Reaction
from stand_ins.github.release_records import Deployment, Release
from stand_ins.github.reviews import Review, ReviewThread
from stand_ins.github.security_records import Security


@dataclass
class Label:
    """A label of one repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False


@dataclass
class Comment:
    """A comment on an issue or a pull request."""

    id: int
    body: str
    user: User
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)


@dataclass
class Pull:
    """What makes an issue a pull request."""

    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    files: list[ChangedFile]
    draft: bool = False
    commits: int = 1
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    requested_reviewers: list[User] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    threads: list[ReviewThread] = field(default_factory=list)


@dataclass
class Issue:
    """An issue, or a pull request when `pull` is set: GitHub numbers both in one row."""

    id: int
    number: int
    title: str
    body: str | None
    user: User
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: User | None = None
    locked: bool = False
    deleted: bool = False
    labels: list[Label] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    milestone: Milestone | None = None
    type: IssueType | None = None
    parent: "Issue | None" = None
    sub_issues: "list[Issue]" = field(default_factory=list)
    pull: Pull | None = None


@dataclass
class Repository:
    """A repository with all that is in it; keys of `labels` and `issues` are the folded name and the number."""

    id: int
    owner: User
    name: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    private: bool = False
    has_issues: bool = True
    archived: bool = False
    default_branch: str = "main"
    protected: set[str] = field(default_factory=set)
    former_names: list[str] = field(default_factory=list)
    roles: dict[str, Role] = field(default_factory=dict)
    invitations: list[Invitation] = field(default_factory=list)
    associations: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issue_types: list[IssueType] = field(default_factory=list)
    history: History = field(default_factory=History)
    releases: list[Release] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    actions: Actions = field(default_factory=Actions)
    discussion_categories: list[Category] = field(default_factory=list)
    discussions: dict[int, Discussion] = field(default_factory=dict)
    security: Security = field(default_factory=Security)
    parent: "Repository | None" = None

    @property
    def head_sha(self) -> str:
        """The commit to which the default branch points."""
        return self.history.branches[self.default_branch]

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the default branch."""
        return self.history.commits[self.head_sha].files

    def find(self, ref: str) -> Commit | None:
        """Find the commit that a branch, a tag, an id or `HEAD` names."""
        return self.history.find(self.default_branch if ref == "HEAD" else ref)

    @property
    def full_name(self) -> str:
        """`owner/name`, as GitHub spells it."""
        return f"{self.owner.login}/{self.name}"
