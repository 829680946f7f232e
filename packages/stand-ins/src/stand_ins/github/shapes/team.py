"""Teams and their organization as JSON."""

from typing import Any

from stand_ins.github.accounts import User
from stand_ins.github.planning import Team
from stand_ins.github.shapes.account import node_id, stamp


def team_json(team: Team, base: str) -> dict[str, Any]:
    """Describe a team in a list of its organization."""
    organization = team.organization
    url = f"{base}/organizations/{organization.id}/team/{team.id}"
    return {
        "id": team.id,
        "node_id": node_id("T", team.id),
        "url": url,
        "html_url": f"{base}/orgs/{organization.login}/teams/{team.slug}",
        "name": team.name,
        "slug": team.slug,
        "description": team.description,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": organization.id,
        "parent": None,
    }


def full_team_json(team: Team, base: str) -> dict[str, Any]:
    """Describe a team with its organization and its size."""
    made = stamp(team.created_at)
    return team_json(team, base) | {
        "members_count": len(team.members) + len(team.maintainers),
        "repos_count": 0,
        "created_at": made,
        "updated_at": made,
        "organization": _organization(team.organization, base),
    }


def _organization(user: User, base: str) -> dict[str, Any]:
    url, made = f"{base}/orgs/{user.login}", stamp(user.created_at)
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node_id("O", user.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{base}/avatars/u/{user.id}?v=4",
        "description": None,
        "html_url": f"{base}/{user.login}",
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": "Organization",
        "created_at": made,
        "updated_at": made,
        "archived_at": None,
    }
