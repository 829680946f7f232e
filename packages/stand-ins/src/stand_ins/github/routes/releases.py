"""Operations on releases: list, the latest, one of a tag, create, and the notes that GitHub generates."""

import re
from operator import attrgetter

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.fields import Fields
from stand_ins.github.history import Commit
from stand_ins.github.refusal import Refusal, not_found, validation_failed
from stand_ins.github.release_notes import generate_notes, previous_tag
from stand_ins.github.release_records import Release
from stand_ins.github.shapes.release import release_json

TAG = re.compile(r"(?!/)(?!.*(?://|\.\.|@\{))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])")
"""A name that git takes for a tag."""


async def list_releases(ask: Ask) -> Response:
    """List releases, the newest first; drafts only for those who may push."""
    return ask.page(_seen(ask), lambda one: release_json(one, ask.repository, ask.base))


async def get_latest(ask: Ask) -> Response:
    """Describe the latest release that is neither a draft nor a prerelease."""
    found = next((one for one in _seen(ask) if not (one.draft or one.prerelease)), None)
    if found is None:
        raise not_found(ask.docs)
    return JSONResponse(release_json(found, ask.repository, ask.base))


async def get_by_tag(ask: Ask) -> Response:
    """Describe the published release of a tag."""
    tag = ask.request.path_params["tag"]
    found = next((one for one in ask.repository.releases if one.tag == tag and not one.draft), None)
    if found is None:
        raise not_found(ask.docs)
    return JSONResponse(release_json(found, ask.repository, ask.base))


async def create_release(ask: Ask) -> Response:
    """Make a release, as a draft or published with its tag; 404 without push access."""
    _demand_push(ask)
    asked = await ask.fields("Release")
    tag, draft = _tag(asked, ask), asked.flag("draft")
    if not draft and any(one.tag == tag and not one.draft for one in ask.repository.releases):
        raise validation_failed(ask.docs, asked.fault("tag_name", "already_exists"))
    target = asked.text("target_commitish") or ask.repository.default_branch
    commit = _commit(ask, asked, tag, target)
    now, history = ask.world.clock(), ask.repository.history
    name, body = asked.text("name"), asked.body()
    if asked.flag("generate_release_notes"):
        notes = generate_notes(ask.repository, tag, commit.sha, previous_tag(ask.repository, tag, commit.sha), ask.base)
        name, body = name or tag, f"{body}\n{notes}" if body else notes
    made = Release(
        ask.world.next_id(), tag, target, ask.me, commit.at, name, body, draft, asked.flag("prerelease"), None
    )
    if not draft:
        history.tags.setdefault(tag, commit.sha)
        made.published_at = now
    ask.repository.releases.append(made)
    shape = release_json(made, ask.repository, ask.base)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


async def get_release(ask: Ask) -> Response:
    """Describe a release by its id."""
    wanted = ask.request.path_params["release_id"]
    found = next((one for one in _seen(ask) if one.id == wanted), None)
    if found is None:
        raise not_found(ask.docs)
    return JSONResponse(release_json(found, ask.repository, ask.base))


async def generate(ask: Ask) -> Response:
    """Write the notes of a tag that is there or will be; nothing is kept. 404 without push access."""
    _demand_push(ask)
    asked = await ask.fields("Release")
    tag = _tag(asked, ask)
    commit = _commit(ask, asked, tag, asked.text("target_commitish") or ask.repository.default_branch)
    previous = asked.text("previous_tag_name") or previous_tag(ask.repository, tag, commit.sha)
    if previous is not None and previous not in ask.repository.history.tags:
        raise Refusal(422, "Invalid previous_tag parameter", docs=ask.docs)
    body = generate_notes(ask.repository, tag, commit.sha, previous, ask.base)
    return JSONResponse({"name": tag, "body": body})


def _seen(ask: Ask) -> list[Release]:
    """Return the releases that the caller may see, the newest first."""
    seen = [one for one in ask.repository.releases if not one.draft or ask.role >= Role.write]
    return sorted(seen, key=attrgetter("created_at", "id"), reverse=True)


def _demand_push(ask: Ask) -> None:
    if ask.role < Role.write:
        raise not_found(ask.docs)


def _tag(asked: Fields, ask: Ask) -> str:
    tag = asked.text("tag_name", required=True) or ""
    if not TAG.fullmatch(tag):
        raise validation_failed(ask.docs, asked.fault("tag_name", "custom", "tag_name is not a valid tag"))
    return tag


def _commit(ask: Ask, asked: Fields, tag: str, target: str) -> Commit:
    """Return the commit of a tag, or that of the target where there is no such tag yet."""
    history = ask.repository.history
    if tag in history.tags:
        return history.commits[history.tags[tag]]
    found = history.find(target)
    if found is None:
        raise validation_failed(ask.docs, asked.fault("target_commitish", "invalid"))
    return found


RELEASES = "releases/releases"
OPERATIONS = (
    Operation("GET", "/releases", list_releases, f"{RELEASES}#list-releases", "contents"),
    Operation("POST", "/releases", create_release, f"{RELEASES}#create-a-release", "contents"),
    Operation("GET", "/releases/latest", get_latest, f"{RELEASES}#get-the-latest-release", "contents"),
    Operation("GET", "/releases/tags/{tag:path}", get_by_tag, f"{RELEASES}#get-a-release-by-tag-name", "contents"),
    Operation(
        "POST",
        "/releases/generate-notes",
        generate,
        f"{RELEASES}#generate-release-notes-content-for-a-release",
        "contents",
    ),
    Operation("GET", "/releases/{release_id:int}", get_release, f"{RELEASES}#get-a-release", "contents"),
)
