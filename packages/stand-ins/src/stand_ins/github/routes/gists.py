"""Operations on gists: lists of a person's, one with its files, making and changing one."""

import secrets
from datetime import datetime
from operator import attrgetter
from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.fields import Fields
from stand_ins.github.gist_records import Gist
from stand_ins.github.refusal import no_account, not_found, validation_failed
from stand_ins.github.shapes.gist import gist_json

ID_BYTES = 16


async def list_own(ask: Ask) -> Response:
    """List the account's gists, secret ones too."""
    _demand_account(ask)
    return _listed(ask, [one for one in ask.world.gists.values() if one.owner is ask.me])


async def list_of_user(ask: Ask) -> Response:
    """List the gists of a person: to others the public ones alone."""
    login = ask.request.path_params["username"].lower()
    own = [one for one in ask.world.gists.values() if one.owner.login.lower() == login]
    return _listed(ask, [one for one in own if one.public or one.owner is ask.user])


async def get_gist(ask: Ask) -> Response:
    """Describe a gist with its files; who knows the id of a secret one sees it."""
    return JSONResponse(gist_json(_gist(ask), ask.base, whole=True))


async def create_gist(ask: Ask) -> Response:
    """Make a gist, which is secret unless it is asked for as public."""
    _demand_account(ask)
    asked = await ask.fields("Gist")
    files = _files(asked, ask)
    now = ask.world.clock()
    public = str(asked.raw("public")).lower() == "true"
    made = Gist(secrets.token_hex(ID_BYTES), ask.me, now, now, public, asked.text("description"))
    _write(made, files, asked, ask)
    ask.world.gists[made.id] = made
    shape = gist_json(made, ask.base, whole=True)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


async def update_gist(ask: Ask) -> Response:
    """Change the description or the files of an own gist; 404 for those of others."""
    _demand_account(ask)
    gist = _gist(ask)
    if gist.owner is not ask.me:
        raise not_found(ask.docs)
    asked = await ask.fields("Gist")
    if "files" in asked:
        _write(gist, _files(asked, ask), asked, ask)
    if "description" in asked:
        gist.description = asked.text("description")
    gist.updated_at = ask.world.clock()
    return JSONResponse(gist_json(gist, ask.base, whole=True))


def _listed(ask: Ask, gists: list[Gist]) -> Response:
    since = dict(ask.query).get("since")
    rows = [one for one in gists if since is None or one.updated_at >= datetime.fromisoformat(since)]
    rows.sort(key=attrgetter("created_at"), reverse=True)
    return ask.page(rows, lambda one: gist_json(one, ask.base))


def _gist(ask: Ask) -> Gist:
    found = ask.world.gists.get(ask.request.path_params["gist_id"])
    if found is None:
        raise not_found(ask.docs)
    return found


def _files(asked: Fields, ask: Ask) -> dict[str, Any]:
    files = asked.raw("files")
    if not isinstance(files, dict) or not files:
        raise validation_failed(ask.docs, asked.fault("files", "missing_field"))
    return files


def _write(gist: Gist, files: dict[str, Any], asked: Fields, ask: Ask) -> None:
    """Write, rename or, where null is given, remove files; what is blank is refused and changes nothing."""
    after = dict(gist.files)
    for name, one in files.items():
        given = one if isinstance(one, dict) else {}
        before = after.pop(name, "")
        content = given.get("content", before)
        if one is None:
            continue
        if not isinstance(content, str) or not content.strip():
            raise validation_failed(ask.docs, asked.fault("files", "missing_field"))
        after[given.get("filename") or name] = content
    if not after:
        raise validation_failed(ask.docs, asked.fault("files", "missing_field"))
    gist.files = after


def _demand_account(ask: Ask) -> None:
    if ask.token is not None and ask.token.installation:
        raise no_account(ask.docs)


DOCS = "gists/gists"
OPERATIONS = (
    Operation("GET", "/gists", list_own, DOCS, "gists", of_repository=False),
    Operation("POST", "/gists", create_gist, DOCS, "gists", of_repository=False),
    Operation("GET", "/gists/{gist_id}", get_gist, DOCS, "gists", of_repository=False),
    Operation("PATCH", "/gists/{gist_id}", update_gist, DOCS, "gists", of_repository=False),
    Operation("GET", "/users/{username}/gists", list_of_user, DOCS, "gists", of_repository=False),
)
