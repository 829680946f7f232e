"""Collaborators, invitations and memberships as JSON."""

from typing import Any

from stand_ins.github.access_records import Invitation
from stand_ins.github.accounts import ROLES, Role, User
from stand_ins.github.planning import Team
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.repository import repository_json, web_url
from stand_ins.github.shapes.team import team_json


def collaborator_json(user: User, role: Role, base: str) -> dict[str, Any]:
    """Describe an account and what it may do."""
    permissions = {name: role >= one for name, one in ROLES.items()}
    return simple_user(user, base) | {"permissions": permissions, "role_name": role.name}


def invitation_json(invitation: Invitation, repository: Repository, base: str) -> dict[str, Any]:
    """Describe an invitation that is open."""
    return {
        "id": invitation.id,
        "node_id": node_id("RI", invitation.id),
        "repository": repository_json(repository, base),
        "invitee": simple_user(invitation.invitee, base),
        "inviter": simple_user(invitation.inviter, base),
        "permissions": invitation.role.name,
        "created_at": stamp(invitation.created_at),
        "expired": False,
        "url": f"{base}/user/repository_invitations/{invitation.id}",
        "html_url": f"{web_url(repository, base)}/invitations",
    }


def membership_json(team: Team, user: User, base: str) -> dict[str, Any]:
    """Describe an account's place in a team."""
    url = f"{base}/organizations/{team.organization.id}/team/{team.id}/memberships/{user.login}"
    role = team.invited.get(user.login.lower()) or ("maintainer" if user in team.maintainers else "member")
    return {"url": url, "role": role, "state": "active" if team.has(user) else "pending"}


def repository_team_json(team: Team, role: Role, base: str) -> dict[str, Any]:
    """Describe a team in a list of a repository, with what it may do there."""
    permissions = {name: role >= one for name, one in ROLES.items()}
    permission = next(name for name, one in ROLES.items() if one == role)
    return team_json(team, base) | {"permission": permission, "permissions": permissions}
