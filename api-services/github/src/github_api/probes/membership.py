"""Finds out who may do what: collaborators and those invited, members of a team, and a team's permission."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json
from api_kit.errors import Refusal
from api_kit.paths import encode

from github_api.probes.own_account import PER_PAGE, repository_of

PAGES = 10
NONE = "none"
WORDS = {"read": "pull", "write": "push"}
"""GitHub's names of roles, where a request names the permission otherwise."""


async def collaborator_there(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the collaborator, or the open invitation, with the permission that was asked for; None without any."""
    asked = _asked(call) or "push"
    person = await _collaborator(call, fetch)
    if person is not None and _permission(person) == asked:
        return dict(person)
    invited = await invitation(call, fetch)
    return dict(invited) if invited is not None and _word(invited.get("permissions")) == asked else None


async def collaborator_gone(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return an empty object if the person is neither a collaborator nor invited any more."""
    return None if await _collaborator(call, fetch) or await invitation(call, fetch) else {}


async def collaborator_before(call: Call, fetch: Fetch) -> Mapping[str, Json]:
    """Return a person's permission in the repository, and the one that an open invitation would give."""
    person, invited = await _collaborator(call, fetch), await invitation(call, fetch)
    return {
        "permission": _permission(person) if person else NONE,
        "invited": _word(invited.get("permissions")) if invited else NONE,
    }


async def member_there(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the membership if it has the role that was asked for."""
    found = await fetch(_path(call))
    return found if isinstance(found, dict) and found.get("role") == (_asked(call, "role") or "member") else None


async def member_gone(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return an empty object if the person is no member of the team any more."""
    return {} if await fetch(_path(call)) is None else None


async def member_before(call: Call, fetch: Fetch) -> Mapping[str, Json]:
    """Return a person's role in the team, and whether it waits for the person to accept."""
    found = await fetch(_path(call))
    names = ("role", "state")
    return {name: found.get(name) if isinstance(found, dict) else NONE for name in names}


async def team_there(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the team if it has the permission that was asked for, or any where none was named."""
    team, asked = await _team(call, fetch), _asked(call)
    return dict(team) if team is not None and asked in (None, _permission(team)) else None


async def team_gone(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return an empty object if the team has no permission in the repository any more."""
    return {} if await _team(call, fetch) is None else None


async def team_before(call: Call, fetch: Fetch) -> Mapping[str, Json]:
    """Return the team's permission in the repository."""
    team = await _team(call, fetch)
    return {"permission": _permission(team) if team else NONE}


async def _collaborator(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    path = f"{repository_of(call)}/collaborators?affiliation=direct&"
    return await _row(fetch, path, lambda row: _is(row, "login", call.path["user"]))


async def invitation(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the open invitation of the person that the path names; None if there is none."""
    path = f"{repository_of(call)}/invitations?"
    return await _row(fetch, path, lambda row: _is(row.get("invitee"), "login", call.path["user"]))


async def _team(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    return await _row(fetch, f"{repository_of(call)}/teams?", lambda row: _is(row, "slug", call.path["team"]))


async def _row(fetch: Fetch, path: str, fits: Callable[[dict[str, Json]], bool]) -> Mapping[str, Json] | None:
    """Return the row of a list that fits; None if the whole list has none."""
    for page in range(1, PAGES + 1):
        rows = await fetch(f"{path}per_page={PER_PAGE}&page={page}")
        if not isinstance(rows, list):
            raise Refusal("upstream_refused", f"{path} is no list, so nothing can be found in it")
        for row in rows:
            if isinstance(row, dict) and fits(row):
                return row
        if len(rows) < PER_PAGE:
            return None
    raise Refusal("upstream_refused", f"{PAGES} pages of {path} were looked through, and there are more")


def _is(thing: Json, field: str, name: str) -> bool:
    return isinstance(thing, dict) and str(thing.get(field)).casefold() == name.casefold()


def _asked(call: Call, field: str = "permission") -> Json:
    return call.body.get(field) if isinstance(call.body, dict) else None


def _permission(thing: Mapping[str, Json]) -> Json:
    return _word(thing.get("role_name", thing.get("permission")))


def _word(role: Json) -> Json:
    return WORDS.get(role, role) if isinstance(role, str) else role


def _path(call: Call) -> str:
    org, team, user = (encode(call.path[name]) for name in ("org", "team", "user"))
    return f"/orgs/{org}/teams/{team}/memberships/{user}"
