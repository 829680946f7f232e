"""What is peculiar to GitHub: its headers, its limits, its moved repositories, and what a reply is of."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from api_kit import Classified, Fetch, Json, Pause, Rate, Route, UpstreamVendor, by_status, credentials
from api_kit.graphql import PATH
from api_kit.json_paths import find, steps
from api_kit.vendor import EVERYTHING
from service_kit.http import Reply
from service_kit.rate_limit import Limit
from service_kit.settings import split_csv
from service_kit.vendor_limit_shares import Window

from github_api.app_credential import APP, app_of
from github_api.probes.own_account import login
from github_api.settings import GitHubApiSettings

API_VERSION = "2022-11-28"
LIMITED = (403, 429)
"""The statuses with which GitHub refuses a request for its limits."""
LONGEST_PAUSE_SECONDS = 3900.0
SECONDARY_PAUSE_SECONDS = 60.0
POINTS = Limit("points", Rate(per_second=10, burst=300), each=Rate(per_second=5, burst=150))
"""At most 900 in any minute; a read is one, a write five."""
GRAPHQL_POINTS = Limit("graphql_points", Rate(per_second=22, burst=680), each=Rate(per_second=11, burst=340))
"""At most 2,000 in any minute; a query is one, a mutation five."""
SEARCHES = Limit("searches", Rate(per_second=1 / 3, burst=10), each=Rate(per_second=1 / 6, burst=6))
"""At most 30 in any minute, which GitHub counts in a bucket of its own."""
CODE_SEARCHES = Limit("code searches", Rate(per_second=1 / 12, burst=5), each=Rate(per_second=1 / 24, burst=3))
"""At most 10 in any minute, in another bucket of its own."""
SPACE = Limit("space", Rate(per_second=1, burst=1), each=Rate(per_second=0.5, burst=3), patience=8.0)
"""A second between any two requests that make something, so at most 60 of GitHub's 80 a minute."""
MADE = Limit("made", Rate(per_second=1 / 12, burst=200), each=Rate(per_second=1 / 24, burst=100))
"""At most 500 in any hour."""
SECONDARY = re.compile(rb"(?i)secondary rate limit|abuse detection")
"""What a refusal says that names no seconds; the second is an older Enterprise server's."""
OWNER = steps("owner.login")
OF_ITEM = frozenset(
    {
        *("title", "assignees", "labels", "milestone", "repository", "issue_type"),
        *("text", "number", "date", "single_select", "iteration"),
    }
)
"""The types of a project's fields whose values tell of the item alone."""
COMMENT = steps("data.addDiscussionComment.comment.url")
"""Where GraphQL has the address of the one thing that it makes."""
_OWNER = re.compile(r"https?://[^/]+(?:/api/v3)?/repos/([^/?#]+/[^/?#]+)(?:[/?#].*)?", re.DOTALL)
_BY_ID = re.compile(r"(/repositories/[1-9][0-9]*)(/.*)?")
_COUNT = re.compile(r"[0-9]{1,9}")
_BUCKET = re.compile(r"[a-z_]{1,40}")


def github(settings: GitHubApiSettings) -> UpstreamVendor:
    """Make GitHub as the gateway core needs it.

    Raises:
        ConfigError: no token is given, or the file with tenants' tokens is not usable.
    """
    token, file = settings.github_upstream_token, settings.github_upstream_tokens_file
    return UpstreamVendor(
        name="github",
        credential=credentials("github", token=token, file=file, headers=_opening, other=app_of(settings), form=APP),
        headers={"user-agent": "agent-bot-github-api", "x-github-api-version": API_VERSION},
        pauses=pauses,
        window=window,
        classify=classify,
        link=link,
        relocate=relocate,
        account=login,
        places=_places(settings.github_upstream_url),
        side_hosts=frozenset(split_csv(settings.github_upstream_download_hosts)),
        limits=limits if settings.github_upstream_limited else lambda route: (),
    )


def _opening(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _places(base_url: str) -> dict[str, str]:
    """Return where an Enterprise server has GraphQL: beside its REST, at /api/graphql.

    Source: docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql.
    """
    root = base_url.rstrip("/").removesuffix("/v3")
    return {PATH: f"{root}{PATH}"} if root.endswith("/api") else {}


def limits(route: Route) -> list[Limit]:
    """Return the limits that GitHub keeps over all requests of a token.

    Source: docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (900 points a minute, 2,000
    of GraphQL; what makes content 80 times a minute and 500 times an hour; 100 at once, which `Slots` holds),
    .../rest/search/search (30 a minute), .../rest/using-the-rest-api/best-practices-for-using-the-rest-api (a second
    between two writes).
    """
    points = GRAPHQL_POINTS if route.tier == "graphql" else POINTS
    found = [replace(points, cost=5 if route.writes else 1)]
    if route.tier == "search":
        found.append(SEARCHES)
    if route.tier == "code_search":
        found.append(CODE_SEARCHES)
    if route.writes and not route.idempotent:
        found += [SPACE, MADE]
    return found


def pauses(reply: Reply, tier: str) -> list[Pause]:
    """Read GitHub's limits off a reply: Retry-After first, then the bucket's reset, else a minute, doubled each time.

    Source: docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api.
    """
    found: list[Pause] = []
    refused = reply.status in LIMITED
    retry_after = reply.headers.get("retry-after", "")
    if refused and _is_number(retry_after):
        found.append(Pause(EVERYTHING, min(float(retry_after), LONGEST_PAUSE_SECONDS)))
    left = window(reply, tier)
    if left is not None and left.remaining == 0:
        found.append(Pause(left.bucket, left.seconds))
    if not found and (reply.status == 429 or (refused and SECONDARY.search(reply.body))):
        found.append(Pause(EVERYTHING, SECONDARY_PAUSE_SECONDS, grows=True))
    return found


def window(reply: Reply, tier: str) -> Window | None:
    """Read off a reply how much is left of the limit that it counted in, which is whole again once an hour."""
    remaining, reset = (reply.headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "reset"))
    if not _COUNT.fullmatch(remaining) or not _is_number(reset):
        return None
    named = reply.headers.get("x-ratelimit-resource", tier)
    seconds = min(max(float(reset) - _clock(reply), 0.0), LONGEST_PAUSE_SECONDS)
    return Window(named if _BUCKET.fullmatch(named) else tier, int(remaining), seconds)


def classify(reply: Reply) -> Classified:
    """Classify a reply by its status; a 403 that asks for a pause is GitHub's limit, as a 429 is."""
    asked = pauses(reply, "core") if reply.status in LIMITED else []
    return Classified("limited", max(pause.seconds for pause in asked)) if asked else by_status(reply)


def link(document: Json) -> str | None:
    """Return the web address of the thing that a write made; of a file that of its commit.

    Of a project's item it is that of its issue or pull request.
    """
    if not isinstance(document, dict):
        return None
    url = document.get("html_url") or find(document, COMMENT)[0]
    return url if isinstance(url, str) else link(document.get("commit") or document.get("content"))


async def relocate(path: str, fetch: Fetch) -> str | None:
    """Turn `/repositories/ID/...`, to which GitHub redirects from old names, into the repository's present path."""
    match = _BY_ID.fullmatch(path)
    if match is None:
        return path
    repository = await fetch(match[1])
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return f"/repos/{name}{match[2] or ''}" if isinstance(name, str) else None


def repositories_of(document: Json) -> list[str]:
    """Return the repository of each thing in a reply, by its API address; "" for a thing without one.

    A reply that is an empty object, with which GitHub says that something was done, has none.
    """
    if document == {}:
        return []
    return [_repository_of(item) for item in (document if isinstance(document, list) else [document])]


def repositories_within(document: Json) -> list[str]:
    """Return each repository to which an API address leads, however deep in a reply it stands."""
    if isinstance(document, str):
        match = _OWNER.fullmatch(document)
        return [match[1]] if match else []
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return list(dict.fromkeys(name for one in inner for name in repositories_within(one)))


def listed_repositories(key: str) -> Callable[[Json], Sequence[str]]:
    """Return a function that returns the repository of each item of the list below a key of a reply."""

    def names(document: Json) -> Sequence[str]:
        items = document.get(key) if isinstance(document, dict) else None
        return repositories_of(items) if isinstance(items, list) else [""]

    return names


found_repositories = listed_repositories("items")
"""Returns the repository of each item that a search found."""


def found_files(document: Json) -> Sequence[str]:
    """Return the repository of each file that a code search found: its own address has the repository's id alone."""
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        return [""]
    return repositories_of([item.get("repository") if isinstance(item, dict) else None for item in items])


def owners_of_projects(document: Json) -> list[str]:
    """Return for each project all that its owner has, as a grant names it; "" for a project of none."""
    rows = document if isinstance(document, list) else [document]
    logins = [find(one, OWNER)[0] for one in rows]
    return [f"{login}/*" if isinstance(login, str) else "" for login in logins]


def repositories_of_items(document: Json) -> list[str]:
    """Return the repository of each item of a project; "" for one that it does not tell, and nothing for a draft.

    An item that tells of other issues, as its parent, tells of repositories that it does not name: "" too.
    """
    found = []
    for item in document if isinstance(document, list) else [document]:
        if not isinstance(item, dict) or _tells_of_others(item):
            found.append("")
        elif item.get("content_type") != "DraftIssue":
            found.append(_repository_of(item.get("content")))
    return found


def _tells_of_others(item: dict[str, Json]) -> bool:
    fields = item.get("fields")
    return any(
        isinstance(one, dict) and one.get("value") and one.get("data_type") not in OF_ITEM
        for one in (fields if isinstance(fields, list) else [])
    )


def _repository_of(item: Json) -> str:
    if isinstance(item, dict):
        for key in ("repository_url", "url", "contents_url", "pull_request_url"):
            url = item.get(key)
            if isinstance(url, str):
                match = _OWNER.fullmatch(url)
                return match[1] if match else ""
        if "commit" in item:  # a branch, a tag and a written file have the address of their commit alone
            return _repository_of(item["commit"])
    return ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _clock(reply: Reply) -> float:
    """Return the time by GitHub's clock, by which it counts its limits, else by ours."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):  # a year that there is not
        return datetime.now(UTC).timestamp()
