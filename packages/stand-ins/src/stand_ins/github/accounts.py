"""Accounts, what they may do, and their tokens."""

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
class Token:
    """A credential of an account. `limits` narrows a resource (issues, pull_requests, contents) to read or none.

    An App's token has an end: `expires_at`.
    """

    value: str
    login: str
    limits: dict[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
