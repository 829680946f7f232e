"""Discussions of a repository: their categories, comments and replies: plain records."""

from dataclasses import dataclass, field
from datetime import datetime

from stand_ins.github.accounts import User


@dataclass(frozen=True)
class Category:
    """A category of discussions; in an answerable one a comment can be chosen as the answer."""

    id: int
    name: str
    description: str | None = None
    is_answerable: bool = False

    @property
    def slug(self) -> str:
        """The name as addresses have it."""
        return self.name.lower().replace(" ", "-").replace("&", "")


@dataclass
class DiscussionComment:
    """A comment on a discussion, with the replies to it; a reply has none."""

    id: int
    body: str
    user: User
    created_at: datetime
    replies: "list[DiscussionComment]" = field(default_factory=list)


@dataclass
class Discussion:
    """A discussion: GitHub numbers it in one row with issues and pull requests."""

    id: int
    number: int
    title: str
    body: str
    user: User
    category: Category
    created_at: datetime
    updated_at: datetime
    closed: bool = False
    locked: bool = False
    upvotes: int = 1
    comments: list[DiscussionComment] = field(default_factory=list)
    answer: DiscussionComment | None = None
