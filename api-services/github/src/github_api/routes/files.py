"""Writes of files: one in a commit of its own, or several by git's own objects, and the branches that show them.

A tree and a commit are seen by nobody until a branch points to them. So they make no effect: the branch's move does,
and an approver of it is shown the commits and the changed lines.
"""

from dataclasses import replace

from api_kit import Body, Call, Json, Route, markdown
from api_kit.routes import Access

from github_api.confirm import files as confirm
from github_api.probes import files as probes
from github_api.routes.in_repository import REPO, write
from github_api.routes.repositories import CONTENTS

MESSAGE = {"message": markdown}
FILE = Body(frozenset({"message", "content", "sha", "branch"}), texts=MESSAGE)
GONE = Body(frozenset({"message", "sha", "branch"}), texts=MESSAGE)
TREE = Body(frozenset({"base_tree", "tree"}))
COMMIT = Body(frozenset({"message", "tree", "parents"}), texts=MESSAGE)
FILE_MODES = ("100644", "100755")
MOST_CHARACTERS = 480


def routes() -> list[Route]:
    """Make the routes."""
    put = write("PUT", CONTENTS + "/{path:file}", "create_or_update_file", FILE)
    delete = write("DELETE", CONTENTS + "/{path:file}", "delete_file", GONE)
    make = write("POST", REPO + "/git/refs", "create_branch", Body(frozenset({"ref", "sha"})))
    move = write("PATCH", REPO + "/git/refs/{ref:ref}", "push_files", Body(frozenset({"sha"})))
    tree = write("POST", REPO + "/git/trees", "push_files", TREE)
    commit = write("POST", REPO + "/git/commits", "push_files", COMMIT)
    return [
        replace(
            put,
            target=_file,
            verify_reply=confirm.file_written,
            probe=probes.FILE_WRITTEN,
            read_before=probes.file_before,
        ),
        replace(
            delete,
            access="danger",
            target=_file,
            idempotent=True,
            verify_reply=confirm.file_deleted,
            probe=probes.FILE_DELETED,
            read_before=probes.file_before,
        ),
        replace(
            make,
            access_of=_of_branch,
            target=_ref,
            idempotent=True,
            verify_reply=confirm.points_to,
            probe=probes.BRANCH_MADE,
            read_before=probes.branch_before,
        ),
        replace(
            move,
            access_of=_of_branch,
            target=_ref,
            idempotent=True,
            verify_reply=confirm.points_to,
            probe=probes.BRANCH_MOVED,
            read_before=probes.branch_before,
        ),
        replace(tree, access_of=_of_tree, idempotent=True, unseen=True),
        replace(commit, idempotent=True, unseen=True),
    ]


def _of_tree(call: Call) -> Access | None:
    """Return what a tree does: it writes files over those that are there. One that leaves any out is not made here."""
    body = call.body if isinstance(call.body, dict) else {}
    entries = body.get("tree")
    writes = isinstance(entries, list) and all(map(_is_file, entries)) and isinstance(body.get("base_tree"), str)
    return "write" if writes else None


def _is_file(entry: Json) -> bool:
    """Say whether an entry of a tree is a file to be there: no link, no submodule, and none that is taken away."""
    if not isinstance(entry, dict) or entry.get("mode") not in FILE_MODES:
        return False
    return isinstance(entry.get("content"), str) or isinstance(entry.get("sha"), str)


def _of_branch(call: Call) -> Access | None:
    """Return what a write of a ref does: of a branch it writes; any other ref is not written here."""
    return "write" if probes.branch_of(call) is not None else None


def _file(call: Call) -> str:
    return f"{call.path['owner']}/{call.path['repo']}:{call.path['path']}"[:MOST_CHARACTERS]


def _ref(call: Call) -> str:
    return f"{call.path['owner']}/{call.path['repo']}@{probes.branch_of(call) or ''}"
