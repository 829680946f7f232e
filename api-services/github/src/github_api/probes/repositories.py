"""Finds a fork whose reply was lost, and where a fork will be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe
from api_kit.errors import Refusal
from api_kit.paths import encode

from github_api.probes.own_account import login, repository_of


async def repository_of_fork(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the name that the fork will have: in an organization, or in our own account.

    Raises:
        Refusal: `body`: it names no organization, and the token is an App's.
    """
    asked = call.body if isinstance(call.body, dict) else {}
    owner = asked.get("organization") or await login(fetch)
    if not isinstance(owner, str):
        raise Refusal("body", "an App has no account of its own that a fork could be in", remedy="Name organization.")
    return [f"{owner}/{asked.get('name') or call.path['repo']}"]


async def name_that_is_free(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the name that the fork will have, once the grant is known to have it: nothing else is there by it.

    Raises:
        Refusal: `body`: another repository has the name, so that GitHub would give the fork one outside the grant.
    """
    (name,) = await repository_of_fork(call, fetch)
    if not _is_fork(call, await _named(name, fetch), or_absent=True):
        raise Refusal("body", f"{name} is another repository already", remedy="Give a name that is free.")
    return [name]


async def forked(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the fork that the request asked for; None if there is none."""
    (name,) = await repository_of_fork(call, fetch)
    found = await _named(name, fetch)
    return found if _is_fork(call, found, or_absent=False) else None


async def parent_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return what will be forked, and whether only few may see it."""
    found = await fetch(repository_of(call))
    if not isinstance(found, dict):
        return None
    (name,) = await repository_of_fork(call, fetch)
    return {"description": found.get("description"), "private": found.get("private"), "fork": name}


async def _named(name: str, fetch: Fetch) -> Json:
    owner, _, repository = name.partition("/")
    return await fetch(f"/repos/{encode(owner)}/{encode(repository)}")


def _is_fork(call: Call, found: Json, *, or_absent: bool) -> bool:
    if not isinstance(found, dict):
        return or_absent
    parent = found.get("parent")
    wanted = f"{call.path['owner']}/{call.path['repo']}".casefold()
    return isinstance(parent, dict) and str(parent.get("full_name")).casefold() == wanted


FORKED = Probe(forked, status=202)
