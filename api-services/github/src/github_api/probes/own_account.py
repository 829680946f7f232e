"""Who we are at GitHub, and what our own account made last: what probes of all topics rest on.

GitHub ends a request after 10 s (docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api). So a write
that cannot be found long after that was never done.
"""

from collections.abc import Callable, Mapping

from api_kit import Call, Fetch, Json, Probe
from api_kit.effect_markers import Own, created
from api_kit.errors import Refusal
from api_kit.paths import encode

GONE_SECONDS = 120.0
PER_PAGE = 100
ME = "/user"
APPS_REFUSAL = "Resource not accessible by integration"
"""What GitHub answers, with 403, to an app's token that asks who it is (docs.github.com/en/rest/users/users)."""


def made(listing: Callable[[Call], str], *, made_at: str | None = "created_at", field: str = "body") -> Probe:
    """Find what was made by the marker in the text of a field, in a list of the newest first, to which paging is added.

    `made_at` is the field of a row that says when it was made; None where no row says it.
    """

    def page_of(call: Call, page: int) -> str:
        path = listing(call)
        return f"{path}{'&' if '?' in path else '?'}per_page={PER_PAGE}&page={page}"

    return created(page_of, field=field, per_page=PER_PAGE, own=own, settle_window=GONE_SECONDS, made=made_at)


async def login(fetch: Fetch) -> str | None:
    """Return the login of the account whose token this is; None for an App's token that somebody else got.

    The credential of an App knows its login itself.

    Raises:
        Refusal: GitHub cannot be asked now.
    """
    try:
        user = await fetch(ME)
    except Refusal as refusal:
        if APPS_REFUSAL not in refusal.message:
            raise
        user = None
    name = user.get("login") if isinstance(user, dict) else None
    return name if isinstance(name, str) else None


async def own(fetch: Fetch) -> Own:
    """Ask who we are; where GitHub does not tell, anybody's counts."""
    name = await login(fetch)

    def is_own(row: Mapping[str, Json]) -> bool:
        author = row.get("user") or row.get("author") or row.get("owner")
        return name is None or (isinstance(author, dict) and author.get("login") == name)

    return is_own


def repository_of(call: Call) -> str:
    """Return the path of the repository that a call is about."""
    return f"/repos/{encode(call.path['owner'])}/{encode(call.path['repo'])}"
