"""The operation on a repository's files and folders."""

from starlette.responses import JSONResponse, Response

from stand_ins.github.ask import Ask, Operation
from stand_ins.github.history import Commit
from stand_ins.github.refusal import not_found
from stand_ins.github.shapes.content import file_json, folder_entries, folder_entry

RAW = ("application/vnd.github.raw", "application/vnd.github.v3.raw")
MOST_ENTRIES = 1_000
"""GitHub lists so many entries of a folder and says nothing of the others."""
TREE = ("application/vnd.github.object", "application/vnd.github.v3.object")


async def get_content(ask: Ask) -> Response:
    """Give a file (JSON with base64, or raw bytes) or a folder's entries."""
    repository = ask.repository
    path = ask.request.path_params.get("path", "").strip("/")
    ref, commit = _at(ask)
    accept = ask.request.headers.get("accept", "")
    if path in commit.files:
        content = commit.files[path]
        if any(one in accept for one in RAW):
            media = "application/vnd.github.raw+json; charset=utf-8"
            return Response(content, headers={"Content-Type": media})
        return JSONResponse(file_json(path, content, repository, ref, ask.base))
    entries = folder_entries(path, commit.files, repository, ref, ask.base)[:MOST_ENTRIES]
    if not entries:
        raise not_found(ask.docs)
    if any(one in accept for one in TREE):
        return JSONResponse(folder_entry(path, repository, ref, ask.base) | {"entries": entries})
    return JSONResponse(entries)


def _at(ask: Ask) -> tuple[str, Commit]:
    """Find the ref that is asked for, and its commit."""
    ref = dict(ask.query).get("ref") or ask.repository.default_branch
    commit = ask.repository.history.find(ref)
    if commit is None:
        refusal = not_found(ask.docs)
        refusal.body["message"] = f"No commit found for the ref {ref}"
        raise refusal
    return ref, commit


CONTENTS = "repos/contents#get-repository-content"
OPERATIONS = (
    Operation("GET", "/contents", get_content, CONTENTS, "contents"),
    Operation("GET", "/contents/{path:path}", get_content, CONTENTS, "contents"),
)
