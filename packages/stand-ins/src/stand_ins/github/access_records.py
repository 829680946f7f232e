"""Invitations to a repository: plain records."""

from dataclasses import dataclass
from datetime import datetime

from stand_ins.github.accounts import Role, User


@dataclass
class Invitation:
    """What makes somebody a collaborator, once it is accepted."""

    id: int
    invitee: User
    inviter: User
    role: Role
    created_at: datetime
