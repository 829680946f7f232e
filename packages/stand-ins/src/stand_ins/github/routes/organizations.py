"""Operations on teams, and what an app's installation opens."""

from starlette.responses import JSONResponse, Response

from stand_ins.github import paging
from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.planning import Team
from stand_ins.github.refusal import Refusal, no_account, not_found
from stand_ins.github.shapes.account import simple_user
from stand_ins.github.shapes.repository import repository_json
from stand_ins.github.shapes.team import full_team_json, team_json


async def list_own_teams(ask: Ask) -> Response:
    """List the teams that the caller's account is in."""
    if ask.token is not None and ask.token.installation:
        raise no_account(ask.docs)
    own = [one for one in ask.world.teams if ask.me in (*one.members, *one.maintainers)]
    return ask.page(own, lambda one: full_team_json(one, ask.base))


async def list_teams(ask: Ask) -> Response:
    """List the teams of an organization; only its members see them."""
    return ask.page(_teams(ask), lambda one: team_json(one, ask.base))


async def list_members(ask: Ask) -> Response:
    """List the members of a team, or those of one role."""
    team = next((one for one in _teams(ask) if one.slug == ask.request.path_params["team_slug"]), None)
    if team is None:
        raise not_found(ask.docs)
    role = dict(ask.query).get("role", "all")
    people = [*(team.members if role != "maintainer" else []), *(team.maintainers if role != "member" else [])]
    return ask.page(sorted(people, key=lambda one: one.id), lambda one: simple_user(one, ask.base))


async def list_installation(ask: Ask) -> Response:
    """List the repositories that an app's installation opens; 403 without an app's token."""
    if ask.token is None or not ask.token.installation:
        message = "You must authenticate with an installation access token in order to list repositories for an "
        raise Refusal(403, f"{message}installation.", docs=ask.docs)
    opened = [one for one in ask.world.repositories.values() if ask.world.role(one, ask.user) > Role.none]
    page = paging.cut(opened, ask.query)
    body = {
        "total_count": len(opened),
        "repository_selection": "selected",
        "repositories": [repository_json(one, ask.base, ask.world.role(one, ask.user)) for one in page.rows],
    }
    return JSONResponse(body, headers=ask.links(page))


def _teams(ask: Ask) -> list[Team]:
    wanted = ask.request.path_params["org"].lower()
    teams = [one for one in ask.world.teams if one.organization.login.lower() == wanted]
    if not any(ask.user in (*one.members, *one.maintainers) for one in teams):
        raise not_found(ask.docs)
    return teams


TEAMS = "teams/teams"
OPERATIONS = (
    Operation(
        "GET",
        "/user/teams",
        list_own_teams,
        f"{TEAMS}#list-teams-for-the-authenticated-user",
        "members",
        of_repository=False,
    ),
    Operation("GET", "/orgs/{org}/teams", list_teams, f"{TEAMS}#list-teams", "members", of_repository=False),
    Operation(
        "GET",
        "/orgs/{org}/teams/{team_slug}/members",
        list_members,
        "teams/members#list-team-members",
        "members",
        of_repository=False,
    ),
    Operation(
        "GET",
        "/installation/repositories",
        list_installation,
        "apps/installations#list-repositories-accessible-to-the-app-installation",
        of_repository=False,
    ),
)
