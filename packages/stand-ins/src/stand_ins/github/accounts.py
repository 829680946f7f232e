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


ROLES = {"pull": Role.read, "triage": Role.triage, "push": Role.write, "maintain": Role.maintain, "admin": Role.admin}
"""The permissions that a request names, and the roles that they give."""


@dataclass
class User:
    """An account: a person, a bot when the login ends with `[bot]`, an organization, or what an import left of one."""

    id: int
    login: str
    created_at: datetime
    is_organization: bool = False
    is_mannequin: bool = False

    @property
    def type(self) -> str:
        """GitHub's word for the kind of account."""
        if self.is_organization:
            return "Organization"
        if self.is_mannequin:
            return "Mannequin"
        return "Bot" if self.login.endswith("[bot]") else "User"


@dataclass
class Token:
    """A credential of an account. `limits` narrows a resource (issues, pull_requests, contents) to read or none.

    With `installation` it is an App's, which is nobody's account, and has an end: `expires_at`.
    """

    value: str
    login: str
    installation: bool = False
    limits: dict[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
