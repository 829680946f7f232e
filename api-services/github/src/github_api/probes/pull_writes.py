"""Finds writes of pull requests whose reply was lost, and reads a pull request for those who approve a write to it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe
from api_kit.effect_target import fields_of
from api_kit.paths import encode

from github_api.confirm import pull_writes as confirm
from github_api.confirm.node_operations import DRAFT, READY, answer
from github_api.probes.own_account import GONE_SECONDS, made, repository_of
from github_api.upstream import repositories_of


def state(fits: Callable[[Json, Json], str | None], *, status: int = 200) -> Probe:
    """Return a probe that finds a pull request which is as the write asked."""

    async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
        pull = await fetch(_pull(call))
        return pull if isinstance(pull, dict) and _as_asked(call, pull) and fits(call.body, pull) is None else None

    return Probe(find, status=status)


async def merged(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return what GitHub answers to a merge, of a pull request that is merged; None if it is not."""
    pull = await fetch(_pull(call))
    if not isinstance(pull, dict) or pull.get("merged") is not True:
        return None
    found = {name: pull.get(name) for name in ("html_url", "merged")}
    return {**found, "sha": pull.get("merge_commit_sha"), "message": "It was merged."}


async def updated(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return what GitHub answers to an update, of a pull request whose branch has all of its base; None if it lacks."""
    pull = await fetch(_pull(call))
    if not isinstance(pull, dict):
        return None
    base, head = _side(pull, "base").get("ref"), _side(pull, "head").get("sha")
    compared = await fetch(f"{repository_of(call)}/compare/{encode(f'{base}...{head}')}")
    if not isinstance(compared, dict) or compared.get("behind_by") != 0:
        return None
    return {"message": "Its branch has all of its base.", "url": pull.get("url"), "html_url": pull.get("html_url")}


def drafted(at: str, *, draft: bool) -> Probe:
    """Return a probe that finds a pull request which is a draft, or is none, and shows it as GitHub's GraphQL does."""

    async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
        pull = await fetch(_pull(call))
        if not isinstance(pull, dict) or pull.get("draft") is not draft:
            return None
        return answer(at, {"isDraft": draft, "repository": {"nameWithOwner": repositories_of(pull)[0]}})

    return Probe(find)


async def pull_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the fields of a pull request that a write changes, as they are now, its title, and its head commit."""
    pull = await fetch(_pull(call))
    if not isinstance(pull, dict):
        return None
    now: dict[str, Json] = {
        "title": pull.get("title"),
        "body": pull.get("body"),
        "state": pull.get("state"),
        "base": _side(pull, "base").get("ref"),
        "draft": pull.get("draft"),
        "sha": _side(pull, "head").get("sha"),
        "expected_head_sha": _side(pull, "head").get("sha"),
    }
    facts = {name: now[name] for name in sorted({"title", *fields_of(call)} & now.keys())}
    return {**facts, "head": f"{_side(pull, 'head').get('ref')} at {now['sha']}"}


async def branches_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the commits and files that a new pull request would bring; None where a branch is not there."""
    body = call.body if isinstance(call.body, dict) else {}
    base, head = str(body.get("base")), str(body.get("head")).rpartition(":")[2]
    compared = await fetch(f"{repository_of(call)}/compare/{encode(f'{base}...{head}')}")
    if not isinstance(compared, dict):
        return None
    files = compared.get("files")
    rows = files if isinstance(files, list) else []
    names = "\n".join(str(one.get("filename")) for one in rows if isinstance(one, dict))
    return {"commits": compared.get("ahead_by"), "changed files": names}


def _as_asked(call: Call, pull: Mapping[str, Json]) -> bool:
    """Return whether the texts of a pull request are those of the body, where it has any."""
    asked = call.body if isinstance(call.body, dict) else {}
    return all(pull.get(name) == asked[name] for name in ("title", "body") if name in asked)


def _side(pull: Mapping[str, Json], side: str) -> Mapping[str, Json]:
    found = pull.get(side)
    return found if isinstance(found, dict) else {}


def _pull(call: Call) -> str:
    return f"{repository_of(call)}/pulls/{call.path['number']}"


PULL_MADE = made(lambda call: f"{repository_of(call)}/pulls?state=all&sort=created&direction=desc")
PULL_CHANGED = state(confirm.changed)
REVIEWERS_ASKED = state(confirm.reviewers_asked, status=201)
REVIEWERS_RELEASED = state(confirm.reviewers_released)
MADE_READY = drafted(READY, draft=False)
MADE_DRAFT = drafted(DRAFT, draft=True)
PULL_MERGED = Probe(merged, settle_window=GONE_SECONDS)
"""What is merged stays merged, so that a pull request which is not merged long after the send was never merged."""
BRANCH_UPDATED = Probe(updated, status=202)
