"""Finds writes of pull requests whose reply was lost, and reads a pull request for those who approve a write to it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from agent_vendors.github import REPOSITORIES
from api_kit import Call, Fetch, Json, Probe, Refusal
from api_kit.effect_target import fields_of
from api_kit.json_paths import find, steps
from api_kit.paths import encode

from github_api.confirm import pull_writes as confirm
from github_api.confirm.node_operations import DRAFT, READY, answer
from github_api.probes.own_account import GONE_SECONDS, made, repository_of
from github_api.upstream import repositories_of

ORIGINS = (steps("parent.full_name"), steps("source.full_name"))
"""What a repository was forked from, and where its network begins."""
HEAD = steps("head.repo.full_name")
"""The repository of a pull request's branch; null where the fork was deleted."""


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
    base, head = str(body.get("base")), str(body.get("head"))
    if head_repository(call) == _own(call):
        head = head.rpartition(":")[2]
    compared = await fetch(f"{repository_of(call)}/compare/{encode(f'{base}...{head}')}")
    if not isinstance(compared, dict):
        return None
    files = compared.get("files")
    rows = files if isinstance(files, list) else []
    names = "\n".join(str(one.get("filename")) for one in rows if isinstance(one, dict))
    return {"commits": compared.get("ahead_by"), "changed files": names}


def head_repository(call: Call) -> str:
    """Return the repository of a new pull request's branch: `owner:branch` is of that owner's fork of the same name."""
    head = call.body.get("head") if isinstance(call.body, dict) else None
    owner, colon, _ = str(head).rpartition(":")
    return f"{owner}/{call.path['repo']}" if colon and not _is(owner, call.path["owner"]) else _own(call)


async def known_head_repository(call: Call, fetch: Fetch) -> list[str]:
    """Return the repository of a new pull request's branch, if GitHub takes `owner:branch` for a branch of that one.

    Raises:
        Refusal: `body`: it is no fork, so that GitHub would take a branch of another repository, which no grant names.
    """
    own, head = _own(call), head_repository(call)
    if head == own:
        return [own]
    for one, other in ((head, own), (own, head)):
        owner, _, name = one.partition("/")
        found = await fetch(f"/repos/{encode(owner)}/{encode(name)}")
        origins = [find(found, place)[0] for place in ORIGINS] if isinstance(found, dict) else []
        if any(_is(origin, other) for origin in origins):
            return [head]
    raise Refusal(
        "body", f"{head} is no fork of {own}", remedy="Take a branch of the same repository, or of a fork of its name."
    )


async def branch_repository(call: Call, fetch: Fetch) -> list[str]:
    """Return the repository of a pull request's branch, in which a write takes place; its own where none is left."""
    pull = await fetch(_pull(call))
    (name,) = find(pull, HEAD) if isinstance(pull, dict) else (None,)
    return [name if isinstance(name, str) else _own(call)]


async def repository_of_change(call: Call, fetch: Fetch) -> list[str]:
    """Return where a change of a pull request takes place: who may push to its branch is told in that repository."""
    changes = isinstance(call.body, dict) and "maintainer_can_modify" in call.body
    return await branch_repository(call, fetch) if changes else [_own(call)]


def _own(call: Call) -> str:
    return f"{call.path['owner']}/{call.path['repo']}"


def _is(one: Json, other: str) -> bool:
    return isinstance(one, str) and REPOSITORIES.same(one, other)


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
