"""What the stand-in keeps of notifications and subscriptions: plain records."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from stand_ins.github.accounts import User

if TYPE_CHECKING:
    from stand_ins.github.records import Repository


@dataclass
class Subscription:
    """How an account follows a repository or one conversation."""

    created_at: datetime
    subscribed: bool = True
    ignored: bool = False


@dataclass
class Notification:
    """What an account is told of; `path` leads to the subject below its repository, as `issues/4`."""

    id: int
    user: User
    repository: "Repository"
    kind: str
    path: str
    title: str
    reason: str
    updated_at: datetime
    read_at: datetime | None = None
    unread: bool = True
    done: bool = False
    subscription: Subscription | None = None
