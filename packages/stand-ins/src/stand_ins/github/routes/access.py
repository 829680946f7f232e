"""Operations on who may do what: collaborators, invitations, members of teams, and teams' repositories."""

from starlette.responses import JSONResponse, Response

from stand_ins.github.access_records import Invitation
from stand_ins.github.accounts import ROLES, Role, User
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.planning import Team
from stand_ins.github.records import Repository
from stand_ins.github.refusal import Refusal, must_have_admin_rights, not_found, validation_failed
from stand_ins.github.shapes.access import (
    collaborator_json,
    invitation_json,
    membership_json,
    repository_team_json,
)

DONE = 204


async def list_collaborators(ask: Ask) -> Response:
    """List the accounts that have a role in the repository themselves."""
    _require_push(ask)
    people = sorted(((ask.world.user(name), role) for name, role in ask.repository.roles.items()), key=_by_id)
    return ask.page([pair for pair in people if pair[1] > Role.none], lambda pair: collaborator_json(*pair, ask.base))


async def add_collaborator(ask: Ask) -> Response:
    """Give a person a role; who is not in the organization is invited first."""
    _require_admin(ask, ask.repository)
    asked = await ask.fields("Repository")
    role, user, repository = _role(ask, asked.raw("permission") or "push"), _person(ask), ask.repository
    login = user.login.lower()
    if login in repository.roles or _is_in_organization(ask, repository.owner, user):
        repository.roles[login] = role
        return Response(status_code=DONE)
    repository.invitations = [one for one in repository.invitations if one.invitee is not user]
    made = Invitation(ask.world.next_id(), user, ask.me, role, ask.world.clock())
    repository.invitations.append(made)
    return JSONResponse(invitation_json(made, repository, ask.base), status_code=201)


async def remove_collaborator(ask: Ask) -> Response:
    """Take a person's role, and the invitations that the person sent; it is no error if there is none."""
    _require_admin(ask, ask.repository)
    user = _person(ask)
    ask.repository.roles.pop(user.login.lower(), None)
    ask.repository.invitations = [one for one in ask.repository.invitations if one.inviter is not user]
    return Response(status_code=DONE)


async def delete_invitation(ask: Ask) -> Response:
    """Take an open invitation back."""
    _require_admin(ask, ask.repository)
    wanted, invitations = ask.request.path_params["invitation_id"], ask.repository.invitations
    if wanted not in [one.id for one in invitations]:
        raise not_found(ask.docs)
    ask.repository.invitations = [one for one in invitations if one.id != wanted]
    return Response(status_code=DONE)


async def list_invitations(ask: Ask) -> Response:
    """List the invitations that are open."""
    _require_admin(ask, ask.repository)
    return ask.page(ask.repository.invitations, lambda one: invitation_json(one, ask.repository, ask.base))


async def list_repository_teams(ask: Ask) -> Response:
    """List the teams that have a permission in the repository."""
    _require_push(ask)
    identity = ask.repository.id
    teams = [one for one in ask.world.teams if identity in one.repositories]
    return ask.page(teams, lambda one: repository_team_json(one, one.repositories[identity], ask.base))


async def get_membership(ask: Ask) -> Response:
    """Describe a person's place in a team, also one that waits for the person to accept."""
    team, user = _team(ask), _person(ask)
    if not team.has(user) and user.login.lower() not in team.invited:
        raise not_found(ask.docs)
    return JSONResponse(membership_json(team, user, ask.base))


async def set_membership(ask: Ask) -> Response:
    """Put a person in a team, or change the role there; who is not in the organization is invited first."""
    team, user = _team(ask), _person(ask)
    _require_maintainer(ask, team)
    if user.is_organization:
        raise validation_failed(ask.docs, {"resource": "TeamMember", "field": "user", "code": "org"})
    asked = await ask.fields("TeamMember")
    role = asked.choice("role", frozenset({"member", "maintainer"})) or "member"
    if _is_in_organization(ask, team.organization, user):
        _leave(team, user)
        (team.maintainers if role == "maintainer" else team.members).append(user)
    else:
        team.invited[user.login.lower()] = role
    return JSONResponse(membership_json(team, user, ask.base))


async def remove_membership(ask: Ask) -> Response:
    """Take a person from a team."""
    team, user = _team(ask), _person(ask)
    _require_maintainer(ask, team)
    if not team.has(user) and user.login.lower() not in team.invited:
        raise not_found(ask.docs)
    _leave(team, user)
    return Response(status_code=DONE)


async def set_team_repository(ask: Ask) -> Response:
    """Give a team a permission in a repository of its organization."""
    team, repository = _team(ask), _repository(ask)
    _require_admin(ask, repository)
    if repository.owner is not team.organization:
        raise validation_failed(ask.docs, {"resource": "Team", "field": "repository", "code": "unowned"})
    asked = await ask.fields("Team")
    team.repositories[repository.id] = _role(ask, asked.raw("permission") or "pull")
    return Response(status_code=DONE)


async def remove_team_repository(ask: Ask) -> Response:
    """Take a team's permission in a repository; it is no error if there is none."""
    team, repository = _team(ask), _repository(ask)
    _require_admin(ask, repository)
    team.repositories.pop(repository.id, None)
    return Response(status_code=DONE)


def _by_id(pair: tuple[User, Role]) -> int:
    return pair[0].id


def _role(ask: Ask, permission: str) -> Role:
    if permission not in ROLES:
        raise validation_failed(ask.docs, {"resource": "Repository", "field": "permission", "code": "invalid"})
    return ROLES[permission]


def _person(ask: Ask) -> User:
    found = ask.world.users.get(ask.request.path_params["username"].lower())
    if found is None:
        raise not_found(ask.docs)
    return found


def _team(ask: Ask) -> Team:
    """Find the team that the path names, for a member of its organization."""
    organization, slug = (ask.request.path_params[name].lower() for name in ("org", "team_slug"))
    for team in ask.world.teams:
        found = team.organization.login.lower() == organization and team.slug == slug
        if found and ask.user is not None and _is_in_organization(ask, team.organization, ask.user):
            return team
    raise not_found(ask.docs)


def _repository(ask: Ask) -> Repository:
    found = ask.world.find(ask.request.path_params["owner"], ask.request.path_params["repo"])
    if found is None or ask.world.role(found, ask.user) == Role.none:
        raise not_found(ask.docs)
    return found


def _is_in_organization(ask: Ask, organization: User, user: User) -> bool:
    return user is organization or any(one.organization is organization and one.has(user) for one in ask.world.teams)


def _leave(team: Team, user: User) -> None:
    team.invited.pop(user.login.lower(), None)
    for people in (team.members, team.maintainers):
        if user in people:
            people.remove(user)


def _require_push(ask: Ask) -> None:
    if ask.role < Role.write:
        raise Refusal(403, "Must have push access to view repository collaborators.", docs=ask.docs)


def _require_admin(ask: Ask, repository: Repository) -> None:
    if ask.world.role(repository, ask.user) < Role.admin:
        raise must_have_admin_rights(ask.docs)


def _require_maintainer(ask: Ask, team: Team) -> None:
    if ask.me is not team.organization and ask.me not in team.maintainers:
        raise Refusal(403, "Must be an organization owner or team maintainer.", docs=ask.docs)


COLLABORATORS, INVITATIONS = "collaborators/collaborators", "collaborators/invitations"
PERSON = "/collaborators/{username}"
TEAM = "/orgs/{org}/teams/{team_slug}"
MEMBER, REPOSITORY = TEAM + "/memberships/{username}", TEAM + "/repos/{owner}/{repo}"
GET_MEMBER = "teams/members#get-team-membership-for-a-user"
SET_MEMBER = "teams/members#add-or-update-team-membership-for-a-user"
REMOVE_MEMBER = "teams/members#remove-team-membership-for-a-user"
SET_TEAM = "teams/teams#add-or-update-team-repository-permissions"
REMOVE_TEAM = "teams/teams#remove-a-repository-from-a-team"
OPERATIONS = (
    Operation("GET", "/collaborators", list_collaborators, f"{COLLABORATORS}#list-repository-collaborators"),
    Operation("PUT", PERSON, add_collaborator, f"{COLLABORATORS}#add-a-repository-collaborator", "administration"),
    Operation(
        "DELETE", PERSON, remove_collaborator, f"{COLLABORATORS}#remove-a-repository-collaborator", "administration"
    ),
    Operation("GET", "/invitations", list_invitations, f"{INVITATIONS}#list-repository-invitations", "administration"),
    Operation(
        "DELETE",
        "/invitations/{invitation_id:int}",
        delete_invitation,
        f"{INVITATIONS}#delete-a-repository-invitation",
        "administration",
    ),
    Operation("GET", "/teams", list_repository_teams, "repos/repos#list-repository-teams", "administration"),
    Operation("GET", MEMBER, get_membership, GET_MEMBER, "members", of_repository=False),
    Operation("PUT", MEMBER, set_membership, SET_MEMBER, "members", of_repository=False),
    Operation("DELETE", MEMBER, remove_membership, REMOVE_MEMBER, "members", of_repository=False),
    Operation("PUT", REPOSITORY, set_team_repository, SET_TEAM, "administration", of_repository=False),
    Operation("DELETE", REPOSITORY, remove_team_repository, REMOVE_TEAM, "administration", of_repository=False),
)
