"""What the stand-in keeps: users, repositories, labels, issues, comments, pull requests: plain records."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum


class Role(IntEnum):
    """What an account may do in a repository; the order is GitHub's."""

    none = 0
    read = 1
    triage = 2
    write = 3
    maintain = 4
    admin = 5


@dataclass
class User:
    """An account: a person, or a bot when the login ends with `[bot]`."""

    id: int
    login: str
    created_at: datetime

    @property
    def type(self) -> str:
        """GitHub's word for the kind of account."""
        return "Bot" if self.login.endswith("[bot]") else "User"


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


@dataclass
class PullFile:
    """One changed file of a pull request; `patch` starts with its first hunk, and is absent for a binary file."""

    filename: str
    status: str
    patch: str | None
    previous_filename: str | None = None

    @property
    def additions(self) -> int:
        """Lines added by the patch."""
        return _count(self.patch, "+")

    @property
    def deletions(self) -> int:
        """Lines removed by the patch."""
        return _count(self.patch, "-")


@dataclass
class Pull:
    """What makes an issue a pull request."""

    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    files: list[PullFile]
    draft: bool = False
    commits: int = 1
    merged_at: datetime | None = None
    merged_by: User | None = None


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
    head_sha: str = ""
    former_names: list[str] = field(default_factory=list)
    roles: dict[str, Role] = field(default_factory=dict)
    associations: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`owner/name`, as GitHub spells it."""
        return f"{self.owner.login}/{self.name}"


@dataclass
class Token:
    """A credential of an account. `limits` narrows a resource (issues, pull_requests, contents) to read or none."""

    value: str
    login: str
    limits: dict[str, str] = field(default_factory=dict)


def _count(patch: str | None, sign: str) -> int:
    return sum(line.startswith(sign) for line in (patch or "").splitlines())
