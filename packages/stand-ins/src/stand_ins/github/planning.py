"""What issues are planned by: milestones, types and reactions; and the teams of an organization: plain records."""

from dataclasses import dataclass, field
from datetime import datetime

from stand_ins.github.accounts import Role, User


@dataclass
class Milestone:
    """A milestone of one repository."""

    id: int
    number: int
    title: str
    creator: User
    created_at: datetime
    description: str | None = None
    due_on: datetime | None = None
    closed_at: datetime | None = None

    @property
    def state(self) -> str:
        """GitHub's word for whether it is reached."""
        return "closed" if self.closed_at else "open"


@dataclass(frozen=True)
class IssueType:
    """A type that an organization gives its issues."""

    id: int
    name: str
    description: str | None = None
    color: str | None = None


@dataclass(frozen=True)
class Reaction:
    """An account's reaction to an issue or a comment."""

    id: int
    user: User
    content: str
    created_at: datetime


@dataclass
class Team:
    """A team of an organization. `invited` has the roles of those who have not accepted, `repositories` its own."""

    id: int
    organization: User
    name: str
    created_at: datetime
    description: str | None = None
    members: list[User] = field(default_factory=list)
    maintainers: list[User] = field(default_factory=list)
    invited: dict[str, str] = field(default_factory=dict)
    repositories: dict[int, Role] = field(default_factory=dict)

    def has(self, user: User) -> bool:
        """Say whether an account is in the team."""
        return user in self.members or user in self.maintainers

    @property
    def slug(self) -> str:
        """The team's name as addresses have it."""
        return self.name.lower().replace(" ", "-")
