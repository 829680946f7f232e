"""Operations that read the history: commits, branches, tags, trees, refs, comparisons."""

from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from stand_ins.github import paging
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.history import Commit
from stand_ins.github.refusal import Refusal, not_found
from stand_ins.github.shapes.commit import (
    MOST_FILES,
    branch_json,
    commit_detail,
    commit_json,
    compare_json,
    ref_json,
    tag_json,
    tree_json,
)

MOST_ENTRIES = 100_000
"""GitHub gives so many entries of a tree that is read recursively, and says that it is cut."""
MOST_COMPARED = 250
"""GitHub lists so many commits of a comparison where no page is asked for."""


async def list_commits(ask: Ask) -> Response:
    """List commits, the latest first: of a branch, that changed a path, by an author, of a time."""
    asked = dict(ask.query)
    history = ask.repository.history
    start = _commit(ask, asked.get("sha") or ask.repository.default_branch)
    path = asked.get("path", "").strip("/")
    author, since, until = asked.get("author", "").lower(), _moment(asked.get("since")), _moment(asked.get("until"))
    rows = [
        one
        for one in (history.touching(start.sha, path) if path else history.log(start.sha))
        if (not author or author in {one.author.login.lower(), f"{one.author.login}@users.noreply.github.com".lower()})
        and (since is None or one.at >= since)
        and (until is None or one.at <= until)
    ]
    return ask.page(rows, lambda one: commit_json(one, ask.repository, ask.base))


async def get_commit(ask: Ask) -> Response:
    """Describe a commit with a page of its files."""
    commit = _commit(ask, ask.request.path_params["ref"])
    files = ask.repository.history.changed_by(commit)
    page = paging.cut(files, ask.query, default=MOST_FILES, most=MOST_FILES)
    body = commit_detail(commit, page.rows, ask.repository, ask.base)
    return JSONResponse(body, headers=ask.links(page))


async def list_branches(ask: Ask) -> Response:
    """List branches by name."""
    rows = sorted(ask.repository.history.branches.items())
    return ask.page(rows, lambda row: branch_json(*row, ask.repository, ask.base))


async def list_tags(ask: Ask) -> Response:
    """List tags, the last by name first."""
    rows = sorted(ask.repository.history.tags.items(), reverse=True)
    return ask.page(rows, lambda row: tag_json(*row, ask.repository, ask.base))


async def get_ref(ask: Ask) -> Response:
    """Say what a branch or tag points to."""
    history, ref = ask.repository.history, ask.request.path_params["ref"]
    kind, _, name = ref.partition("/")
    sha = {"heads": history.branches, "tags": history.tags}.get(kind, {}).get(name)
    if sha is None:
        raise not_found(ask.docs)
    return JSONResponse(ref_json(f"refs/{ref}", sha, ask.repository, ask.base))


async def get_tree(ask: Ask) -> Response:
    """List a tree, which a ref, a commit or its own id names."""
    history, wanted = ask.repository.history, ask.request.path_params["tree_sha"]
    commit = ask.repository.find(wanted)
    files = commit.files if commit else history.tree(wanted)
    if files is None:
        raise not_found(ask.docs)
    recursive = "recursive" in dict(ask.query)
    return JSONResponse(tree_json(files, ask.repository, ask.base, recursive=recursive, most=MOST_ENTRIES))


async def compare(ask: Ask) -> Response:
    """Compare two refs from where they parted: a page of commits, and on the first page the changed files."""
    repository, history = ask.repository, ask.repository.history
    basehead = ask.request.path_params["basehead"]
    names = basehead.split("...")
    if len(names) != 2:
        raise not_found(ask.docs)
    old, new = (_of_network(ask, name) for name in names)
    fork = history.merge_base(old.sha, new.sha) if old and new else None
    if old is None or new is None or fork is None:
        raise not_found(ask.docs)
    ahead = history.between(old.sha, new.sha)
    page = paging.cut(ahead, ask.query, default=MOST_COMPARED)
    numbers = {"ahead": len(ahead), "behind": len(history.between(new.sha, old.sha)), "first": page.start == 0}
    body = compare_json(old, new, fork, list(page.rows), repository, ask.base, basehead=basehead, **numbers)
    return JSONResponse(body, headers=ask.links(page))


def _of_network(ask: Ask, name: str) -> Commit | None:
    """Find what a name means: `owner:branch` is a branch of that owner's fork."""
    owner, _, ref = name.rpartition(":")
    for one in ask.world.network(ask.repository):
        if owner and one.owner.login.lower() == owner.lower() and (found := one.find(ref)) is not None:
            ask.repository.history.bring(one.history, found.sha)
            return found
    return None if owner else ask.repository.find(ref)


def _commit(ask: Ask, ref: str) -> Commit:
    found = ask.repository.find(ref)
    if found is None:
        raise Refusal(422 if len(ref) == 40 else 404, f"No commit found for SHA: {ref}", docs=ask.docs)
    return found


def _moment(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


COMMITS, BRANCHES, GIT = "commits/commits", "branches/branches", "git"
OPERATIONS = (
    Operation("GET", "/commits", list_commits, f"{COMMITS}#list-commits", "contents"),
    Operation("GET", "/commits/{ref:path}", get_commit, f"{COMMITS}#get-a-commit", "contents"),
    Operation("GET", "/branches", list_branches, f"{BRANCHES}#list-branches", "contents"),
    Operation("GET", "/tags", list_tags, "repos/repos#list-repository-tags", "contents"),
    Operation("GET", "/git/ref/{ref:path}", get_ref, f"{GIT}/refs#get-a-reference", "contents"),
    Operation("GET", "/git/trees/{tree_sha:path}", get_tree, f"{GIT}/trees#get-a-tree", "contents"),
    Operation("GET", "/compare/{basehead:path}", compare, f"{COMMITS}#compare-two-commits", "contents"),
)
