"""Operations that write git's own objects: trees, commits, and refs, which alone make them visible."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.history import blob_sha, tree_sha
from stand_ins.github.pushes import is_kept, push
from stand_ins.github.refusal import Refusal, invalid_request, not_found
from stand_ins.github.shapes.commit import git_commit_json, ref_json, tree_json

REF = re.compile(r"refs/(heads|tags)/([^\s~^:?*\[\\]+)")
KEPT = "Protected branch update failed for refs/heads/{}.\n\nChanges must be made through a pull request."


async def create_tree(ask: Ask) -> Response:
    """Make a tree of another one and changed entries; nobody sees it yet."""
    _may_push(ask)
    asked = await ask.fields("Tree")
    history, base = ask.repository.history, asked.raw("base_tree")
    before: Mapping[str, bytes] | None = history.tree(base) if isinstance(base, str) else {}
    entries = asked.raw("tree")
    if before is None:
        raise Refusal(422, "The specified base_tree does not exist", docs=ask.docs)
    if not isinstance(entries, list) or not entries:
        raise Refusal(422, "Invalid tree info", docs=ask.docs)
    files = dict(before)
    for entry in entries:
        path = _path(ask, entry)
        if "content" in entry:
            files[path] = str(entry["content"]).encode()
        elif entry.get("sha") is None:
            files.pop(path, None)
        else:
            files[path] = _blob(ask, entry["sha"])
    history.trees[tree_sha(files)] = files
    shape = tree_json(files, ask.repository, ask.base, recursive=False, most=len(files) + 1)
    return JSONResponse(shape, status_code=201, headers={"Location": shape["url"]})


async def create_commit(ask: Ask) -> Response:
    """Make a commit of a tree; nobody sees it yet."""
    _may_push(ask)
    asked = await ask.fields("Commit")
    history, message, parents = ask.repository.history, asked.raw("message"), asked.raw("parents") or []
    if not isinstance(message, str) or not message:
        raise invalid_request(ask.docs, '"message" wasn\'t supplied.')
    files = history.tree(str(asked.raw("tree")))
    if files is None:
        raise Refusal(422, "Tree SHA does not exist", docs=ask.docs)
    if any(parent not in history.commits for parent in parents):
        raise Refusal(422, "Parent SHA does not exist or is not a commit object", docs=ask.docs)
    made = history.make(message=message, author=ask.me, at=ask.world.clock(), files=files, parents=parents)
    return JSONResponse(git_commit_json(made, ask.repository, ask.base), status_code=201)


async def create_ref(ask: Ask) -> Response:
    """Make a branch or a tag."""
    _may_push(ask)
    asked = await ask.fields("Reference")
    found = REF.fullmatch(str(asked.raw("ref")))
    if found is None:
        raise Refusal(422, "Reference name must start with 'refs/' and have at least two slashes.", docs=ask.docs)
    history, sha = ask.repository.history, str(asked.raw("sha"))
    names = history.branches if found[1] == "heads" else history.tags
    if found[2] in names:
        raise Refusal(422, "Reference already exists", docs=ask.docs)
    if sha not in history.commits:
        raise Refusal(422, "Object does not exist", docs=ask.docs)
    names[found[2]] = sha
    shape = ref_json(found[0], sha, ask.repository, ask.base)
    return JSONResponse(shape, status_code=201)


async def update_ref(ask: Ask) -> Response:
    """Move a branch; without force only forward."""
    _may_push(ask)
    asked = await ask.fields("Reference")
    kind, _, name = ask.request.path_params["ref"].partition("/")
    history, sha = ask.repository.history, str(asked.raw("sha"))
    if kind != "heads" or name not in history.branches:
        raise Refusal(422, "Reference does not exist", docs=ask.docs)
    if sha not in history.commits:
        raise Refusal(422, "Object does not exist", docs=ask.docs)
    if is_kept(ask.repository, name, ask.role):
        raise Refusal(422, KEPT.format(name), docs=ask.docs)
    if not asked.raw("force") and not history.has(sha, history.branches[name]):
        raise Refusal(422, "Update is not a fast forward", docs=ask.docs)
    push(ask.stand_in, ask.repository, name, history.commits[sha], by=ask.me, base=ask.base)
    return JSONResponse(ref_json(f"refs/heads/{name}", sha, ask.repository, ask.base))


def _may_push(ask: Ask) -> None:
    if ask.role < Role.write:
        raise not_found(ask.docs)


def _path(ask: Ask, entry: Any) -> str:
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not {"", ".", "..", ".git"}.isdisjoint(path.split("/")):
        raise Refusal(422, "tree.path contains a malformed path component", docs=ask.docs)
    return path


def _blob(ask: Ask, sha: Any) -> bytes:
    for commit in ask.repository.history.commits.values():
        for content in commit.files.values():
            if blob_sha(content) == sha:
                return content
    raise Refusal(422, f"tree.sha {sha} is not a valid blob", docs=ask.docs)


GIT = "git"
OPERATIONS = (
    Operation("POST", "/git/trees", create_tree, f"{GIT}/trees#create-a-tree", "contents"),
    Operation("POST", "/git/commits", create_commit, f"{GIT}/commits#create-a-commit", "contents"),
    Operation("POST", "/git/refs", create_ref, f"{GIT}/refs#create-a-reference", "contents"),
    Operation("PATCH", "/git/refs/{ref:path}", update_ref, f"{GIT}/refs#update-a-reference", "contents"),
)
