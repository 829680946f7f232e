"""Operations that write one file in a commit of its own."""

import base64
import binascii

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.fields import Fields
from stand_ins.github.history import Commit, blob_sha
from stand_ins.github.pushes import is_kept, push
from stand_ins.github.refusal import Refusal, invalid_request, not_found
from stand_ins.github.shapes.commit import git_commit_json
from stand_ins.github.shapes.content import file_entry

KEPT = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n"


async def put_file(ask: Ask) -> Response:
    """Write a file; one that is there needs the id of its content."""
    asked, branch, head, path = await _asked(ask)
    content = asked.raw("content")
    if not isinstance(content, str):
        raise invalid_request(ask.docs, '"content" wasn\'t supplied.')
    try:
        new = base64.b64decode("".join(content.split()), validate=True)
    except binascii.Error:
        raise Refusal(422, "content is not valid Base64", docs=ask.docs) from None
    old = head.files.get(path)
    _compare(ask, asked, path, old)
    made = _commit(ask, asked, branch, head, {**head.files, path: new})
    entry = file_entry(path, new, ask.repository, branch, ask.base)
    shape = {"content": entry, "commit": git_commit_json(made, ask.repository, ask.base)}
    return JSONResponse(shape, status_code=201 if old is None else 200)


async def delete_file(ask: Ask) -> Response:
    """Delete a file."""
    asked, branch, head, path = await _asked(ask)
    old = head.files.get(path)
    if old is None:
        raise not_found(ask.docs)
    _compare(ask, asked, path, old)
    made = _commit(ask, asked, branch, head, {name: text for name, text in head.files.items() if name != path})
    return JSONResponse({"content": None, "commit": git_commit_json(made, ask.repository, ask.base)})


async def _asked(ask: Ask) -> tuple[Fields, str, Commit, str]:
    if ask.role < Role.write:
        raise not_found(ask.docs)
    asked = await ask.fields("Content")
    if not isinstance(asked.raw("message"), str) or not asked.raw("message"):
        raise invalid_request(ask.docs, '"message" wasn\'t supplied.')
    branch = asked.raw("branch") or ask.repository.default_branch
    sha = ask.repository.history.branches.get(branch)
    if sha is None:
        raise Refusal(404, f"Branch {branch} not found", docs=ask.docs)
    if is_kept(ask.repository, branch, ask.role):
        raise Refusal(409, KEPT, docs=ask.docs)
    return asked, branch, ask.repository.history.commits[sha], ask.request.path_params["path"].strip("/")


def _compare(ask: Ask, asked: Fields, path: str, old: bytes | None) -> None:
    sha = asked.raw("sha")
    if old is not None and sha is None:
        raise invalid_request(ask.docs, '"sha" wasn\'t supplied.')
    if sha is not None and (old is None or blob_sha(old) != sha):
        raise Refusal(409, f"{path} does not match {sha}", docs=ask.docs)


def _commit(ask: Ask, asked: Fields, branch: str, head: Commit, files: dict[str, bytes]) -> Commit:
    history, at = ask.repository.history, ask.world.clock()
    made = history.make(message=asked.raw("message"), author=ask.me, at=at, files=files, parents=[head.sha])
    push(ask.stand_in, ask.repository, branch, made, by=ask.me, base=ask.base)
    return made


CONTENTS = "repos/contents"
OPERATIONS = (
    Operation("PUT", "/contents/{path:path}", put_file, f"{CONTENTS}#create-or-update-file-contents", "contents"),
    Operation("DELETE", "/contents/{path:path}", delete_file, f"{CONTENTS}#delete-a-file", "contents"),
)
