"""Finds a release whose reply was lost, and reads what those see who approve one."""

from collections.abc import Mapping

from api_kit import Call, Fetch, Json
from api_kit.paths import encode

from github_api.probes.own_account import made, repository_of


async def release_before(call: Call, fetch: Fetch) -> Mapping[str, Json]:
    """Return the published release that the tag has already."""
    asked = call.body if isinstance(call.body, dict) else {}
    found = await fetch(f"{repository_of(call)}/releases/tags/{encode(str(asked.get('tag_name')), 'file')}")
    name = found.get("name") or found.get("tag_name") if isinstance(found, dict) else None
    return {"published release of this tag": name}


RELEASE_MADE = made(lambda call: f"{repository_of(call)}/releases", made_at=None)
"""A release says of its commit alone when it was made, so that no page of older ones ends the search."""
