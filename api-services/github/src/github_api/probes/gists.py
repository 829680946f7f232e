"""Whose a gist is, what became of one whose reply was lost, and what those see who approve a change of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe, Refusal
from api_kit.paths import encode

from github_api.confirm import gists as confirm
from github_api.probes.own_account import login, made


def owner_of(gist: Json) -> str:
    """Return the login of a gist's owner; "" for a gist of nobody."""
    owner = gist.get("owner") if isinstance(gist, dict) else None
    name = owner.get("login") if isinstance(owner, dict) else None
    return name if isinstance(name, str) else ""


async def own_gists(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the login of the account that makes a gist.

    Raises:
        Refusal: `credential`: it is an App's, which has no gists.
    """
    name = await login(fetch)
    if name is None or name.endswith("[bot]"):
        message = "gists belong to a person, and this gateway's credential is a GitHub App's"
        raise Refusal("credential", message, remedy="Do without gists, or give this gateway a person's token.")
    return [name]


async def owner_of_gist(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the owner of the gist that a change names.

    Raises:
        Refusal: `access`: the gist is public, and the change does not say so.
    """
    gist = await _gist(call, fetch)
    if gist is None:
        return []
    if gist.get("public") is not False and _asked(call).get("public") is not True:
        raise Refusal("access", "the gist is public, and the change does not say so", remedy="Send public: true.")
    return [owner_of(gist)]


async def own_before(call: Call, fetch: Fetch) -> Mapping[str, Json]:
    """Return whose the new gist will be."""
    return {"owner": await login(fetch)}


async def gist_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the description of a gist, and the files that a change writes, as they are now."""
    gist = await _gist(call, fetch)
    if gist is None:
        return None
    there, asked = confirm.contents(gist), _asked(call).get("files")
    names = asked if isinstance(asked, dict) else {}
    now: dict[str, Json] = {name: {"content": there[name]} for name in names if name in there}
    return {"description": gist.get("description"), "files": now, "public": gist.get("public")}


async def gist_changed(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return a gist that is as the change asked; None if it is not."""
    gist = await _gist(call, fetch)
    return gist if confirm.changed(call.body, gist) is None else None


def _asked(call: Call) -> Mapping[str, Json]:
    return call.body if isinstance(call.body, dict) else {}


async def _gist(call: Call, fetch: Fetch) -> dict[str, Any] | None:
    found = await fetch(f"/gists/{encode(call.path['gist'])}")
    return found if isinstance(found, dict) else None


GIST_MADE = made(lambda call: "/gists", made_at="updated_at", field="description")
"""The mark stands in the description. A gist that nobody changed since the send was not made since either."""
GIST_CHANGED = Probe(gist_changed)
