"""Finds writes of files and branches whose reply was lost, and reads what they change for those who approve them.

A file is found by its content on the branch, by git's id of it: whoever wrote it, it is as was asked. A commit that a
branch was moved to has an id of its own, so that the move is found also where others went on from there.
"""

import base64
import difflib
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from api_kit import Call, Fetch, Json, Probe
from api_kit.errors import Refusal
from api_kit.paths import encode

from github_api.confirm.files import blob_of
from github_api.probes.own_account import GONE_SECONDS, repository_of

HEADS = "heads/"
MOST_SHOWN = 20_000
"""Characters of a diff that an approver is shown."""
CREATED = 201


def branch_of(call: Call) -> str | None:
    """Return the branch that a write of a ref is about; None where it is about a tag or any other ref."""
    body = call.body if isinstance(call.body, dict) else {}
    given = call.path.get("ref") or str(body.get("ref", "")).removeprefix("refs/")
    name = given.removeprefix(HEADS)
    return name if name and name != given else None


async def written_file(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return a file that has the content which the write asked for, with its last commit; None if it has not.

    Raises:
        Refusal: it was changed since then, so that our content may have been there.
    """
    file, body = await fetch(_file(call)), _body(call)
    if not isinstance(file, dict) or file.get("sha") != blob_of(body.get("content")):
        if await _last_commit(call, fetch, since):
            raise Refusal("upstream_refused", "the file was changed by another commit meanwhile")
        return None
    return {"content": file, "commit": await _last_commit(call, fetch)}


async def deleted_file(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the last commit of a file that is not there any more; None while it is."""
    if await fetch(_file(call)) is not None:
        return None
    return {"content": None, "commit": await _last_commit(call, fetch)}


async def pointing_branch(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return a branch that points to the asked commit, or to one that came after it; None if it does not."""
    ref, asked = await fetch(_ref(call)), str(_body(call).get("sha"))
    found = ref.get("object") if isinstance(ref, dict) else None
    if not isinstance(ref, dict) or not isinstance(found, dict):
        return None
    if found.get("sha") != asked:
        compared = await fetch(_comparison(call, asked, str(found.get("sha"))))
        if not isinstance(compared, dict) or compared.get("status") != "ahead":
            return None
    return {**ref, "object": {**found, "sha": asked}}


async def file_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return which content a file has now, by its id, and the lines that the write changes."""
    file, body = await fetch(_file(call)), _body(call)
    sha, old = (file.get("sha"), file.get("content")) if isinstance(file, dict) else (None, None)
    return {"sha": sha, "lines that change": _diff(_lines(old), _lines(body.get("content")))}


async def branch_before(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return where a branch points now, and the commits and files that it gets."""
    ref, asked = await fetch(_ref(call)), str(_body(call).get("sha"))
    found = ref.get("object") if isinstance(ref, dict) else None
    start = str(found.get("sha")) if isinstance(found, dict) else "HEAD"
    compared = await fetch(_comparison(call, start, asked))
    if not isinstance(compared, dict):
        raise Refusal("upstream_refused", f"GitHub cannot compare {asked[:40]!r} with what is there")
    commits, files = _rows(compared.get("commits")), _rows(compared.get("files"))
    return {
        "sha": start,
        "commits that it gets": "\n".join(_message(one) for one in commits),
        "files that change": "\n".join(f"{one.get('status')} {one.get('filename')}" for one in files),
        "lines that change": "\n".join(str(one.get("patch") or "") for one in files)[:MOST_SHOWN],
    }


async def _last_commit(call: Call, fetch: Fetch, since: datetime | None = None) -> Json:
    branch = _body(call).get("branch")
    query = f"path={encode(call.path['path'])}&per_page=1" + (f"&sha={encode(str(branch))}" if branch else "")
    query += f"&since={since:%Y-%m-%dT%H:%M:%SZ}" if since else ""
    rows = await fetch(f"{repository_of(call)}/commits?{query}")
    return rows[0] if isinstance(rows, list) and rows else {}


def _body(call: Call) -> Mapping[str, Json]:
    return call.body if isinstance(call.body, dict) else {}


def _file(call: Call) -> str:
    branch = _body(call).get("branch")
    path = f"{repository_of(call)}/contents/{encode(call.path['path'], 'file')}"
    return f"{path}?ref={encode(str(branch))}" if branch else path


def _ref(call: Call) -> str:
    return f"{repository_of(call)}/git/ref/{encode(f'{HEADS}{branch_of(call)}')}"


def _comparison(call: Call, base: str, head: str) -> str:
    return f"{repository_of(call)}/compare/{encode(f'{base}...{head}')}"


def _message(row: Mapping[str, Json]) -> str:
    commit = row.get("commit")
    return str(commit.get("message")) if isinstance(commit, dict) else ""


def _rows(value: Json) -> list[dict[str, Json]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _lines(content: Json) -> list[str]:
    """Return the lines of a file in base64; one line for what is no text."""
    if not isinstance(content, str):
        return []
    try:
        return base64.b64decode(content).decode().splitlines()
    except ValueError:
        return ["(not a text)"]


def _diff(old: list[str], new: list[str]) -> str:
    return "\n".join(list(difflib.unified_diff(old, new, lineterm=""))[2:])[:MOST_SHOWN]


FILE_WRITTEN = Probe(written_file, settle_window=GONE_SECONDS)
FILE_DELETED = Probe(deleted_file)
BRANCH_MADE = Probe(pointing_branch, status=CREATED)
BRANCH_MOVED = Probe(pointing_branch)
