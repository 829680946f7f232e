"""Exchanges about collaborators, members of teams and teams' repositories."""

from typing import Any

from stand_ins.github.access_records import Invitation
from stand_ins.github.accounts import Role
from stand_ins.github.world import World

PLANNING = "/repos/octo-org/planning"
TEAM = "/orgs/octo-org/teams/release-crew"

READS = [
    (f"{PLANNING}/collaborators?affiliation=direct&per_page=1", 200),
    (f"{PLANNING}/invitations", 403),
    (f"{PLANNING}/teams", 200),
    (f"{TEAM}/memberships/mona-example", 200),
    (f"{TEAM}/memberships/kim-example", 404),
]


def writes(world: World) -> list[tuple[str, str, Any, int]]:
    """Return methods, paths and bodies, each with its status, for an account that is an admin from now on."""
    world.named("octo-org/planning").roles["agent-bot"] = Role.admin
    world.user("newcomer")
    planning, inviter = world.named("octo-org/planning"), world.user("mona-example")
    planning.invitations.append(Invitation(77, world.user("stranger"), inviter, Role.read, world.clock()))
    team = next(one for one in world.teams if one.slug == "release-crew")
    team.maintainers.append(world.user("agent-bot"))
    return [
        ("PUT", f"{PLANNING}/collaborators/newcomer", {"permission": "triage"}, 201),
        ("GET", f"{PLANNING}/invitations", None, 200),
        ("PUT", f"{PLANNING}/collaborators/kim-example", {}, 204),
        ("PUT", f"{PLANNING}/collaborators/kim-example", {"permission": "emperor"}, 422),
        ("DELETE", f"{PLANNING}/collaborators/kim-example", None, 204),
        ("DELETE", f"{PLANNING}/collaborators/newcomer", None, 204),
        ("DELETE", f"{PLANNING}/invitations/77", None, 204),
        ("PUT", f"{TEAM}/memberships/kim-example", {"role": "maintainer"}, 200),
        ("PUT", f"{TEAM}/memberships/newcomer", {}, 200),
        ("PUT", f"{TEAM}/memberships/octo-org", {}, 422),
        ("DELETE", f"{TEAM}/memberships/newcomer", None, 204),
        ("PUT", f"{TEAM}/repos/octo-org/planning", {"permission": "push"}, 204),
        ("GET", f"{PLANNING}/teams", None, 200),
        ("DELETE", f"{TEAM}/repos/octo-org/planning", None, 204),
    ]
