"""Commits as JSON: of a list, whole, as git keeps them; branches, tags, refs, trees and comparisons."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from stand_ins.github.history import ChangedFile, Commit, blob_sha, changes, sha_of, tree_sha
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import node_id, simple_user, stamp
from stand_ins.github.shapes.pull import file_json
from stand_ins.github.shapes.repository import api_url, web_url

UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
MOST_FILES = 300
"""GitHub shows so many changed files of a comparison, and at first of a commit."""
FILE, FOLDER = ("100644", "blob"), ("040000", "tree")


def commit_json(commit: Commit, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a commit as it appears in a list."""
    url, web = api_url(repository, base), web_url(repository, base)
    author = simple_user(commit.author, base)
    return {
        "sha": commit.sha,
        "node_id": _node(commit.sha),
        "commit": {
            **_people(commit),
            "message": commit.message,
            "tree": _tree_link(commit, repository, base),
            "url": f"{url}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": UNSIGNED,
        },
        "url": f"{url}/commits/{commit.sha}",
        "html_url": f"{web}/commit/{commit.sha}",
        "comments_url": f"{url}/commits/{commit.sha}/comments",
        "author": author,
        "committer": author,
        "parents": [_parent(sha, repository, base, kind="commits") for sha in commit.parents],
    }


def commit_detail(commit: Commit, page: Sequence[ChangedFile], repository: Repository, base: str) -> dict[str, Any]:
    """Describe a commit at its own address, with a page of the files that it changed."""
    files = repository.history.changed_by(commit)
    added, removed = sum(one.additions for one in files), sum(one.deletions for one in files)
    return commit_json(commit, repository, base) | {
        "stats": {"total": added + removed, "additions": added, "deletions": removed},
        "files": [file_json(one, commit.sha, repository, base) for one in page],
    }


def git_commit_json(commit: Commit, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a commit as git keeps it."""
    return {
        "sha": commit.sha,
        "node_id": _node(commit.sha),
        "url": f"{api_url(repository, base)}/git/commits/{commit.sha}",
        "html_url": f"{web_url(repository, base)}/commit/{commit.sha}",
        **_people(commit),
        "message": commit.message,
        "tree": _tree_link(commit, repository, base),
        "parents": [_parent(sha, repository, base, kind="git/commits") for sha in commit.parents],
        "verification": UNSIGNED,
    }


def branch_json(name: str, sha: str, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a branch as it appears in a list."""
    protected = name in repository.protected
    url = f"{api_url(repository, base)}/branches/{quote(name, safe='')}/protection"
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{api_url(repository, base)}/commits/{sha}"},
        "protected": protected,
    } | ({"protection": {"enabled": True}, "protection_url": url} if protected else {})


def tag_json(name: str, sha: str, repository: Repository, base: str) -> dict[str, Any]:
    """Describe a tag."""
    url = api_url(repository, base)
    return {
        "name": name,
        "zipball_url": f"{url}/zipball/refs/tags/{name}",
        "tarball_url": f"{url}/tarball/refs/tags/{name}",
        "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
        "node_id": _node(f"tag {name}"),
    }


def ref_json(ref: str, sha: str, repository: Repository, base: str) -> dict[str, Any]:
    """Describe what a ref such as `refs/heads/main` points to."""
    url = api_url(repository, base)
    return {
        "ref": ref,
        "node_id": _node(ref),
        "url": f"{url}/git/{ref}",
        "object": {"sha": sha, "type": "commit", "url": f"{url}/git/commits/{sha}"},
    }


def tree_json(
    files: Mapping[str, bytes], repository: Repository, base: str, *, recursive: bool, most: int
) -> dict[str, Any]:
    """Describe a tree: what lies directly in it, or all that is below; past a limit it is cut, and says so."""
    url = f"{api_url(repository, base)}/git"
    folders = {path.rsplit("/", depth)[0] for path in files for depth in range(1, path.count("/") + 1)}
    entries = []
    for path in sorted({*files, *folders}):
        if "/" in path and not recursive:
            continue
        if path in files:
            sha = blob_sha(files[path])
            entries.append(_entry(path, FILE, sha, f"{url}/blobs/{sha}") | {"size": len(files[path])})
        else:
            sha = sha_of(repository.full_name, path)
            entries.append(_entry(path, FOLDER, sha, f"{url}/trees/{sha}"))
    whole = tree_sha(files)
    return {
        "sha": whole,
        "url": f"{url}/trees/{whole}",
        "tree": entries[:most],
        "truncated": len(entries) > most,
    }


def compare_json(
    old: Commit, new: Commit, fork: Commit, commits: list[Commit], repository: Repository, base: str, **of: Any
) -> dict[str, Any]:
    """Describe a comparison; `commits` are those of the page, `of` has its numbers, and whether files are shown."""
    url, web = api_url(repository, base), web_url(repository, base)
    between = of["basehead"]
    shape = {
        "url": f"{url}/compare/{between}",
        "html_url": f"{web}/compare/{between}",
        "permalink_url": f"{web}/compare/{old.sha[:7]}...{new.sha[:7]}",
        "diff_url": f"{web}/compare/{between}.diff",
        "patch_url": f"{web}/compare/{between}.patch",
        "base_commit": commit_json(old, repository, base),
        "merge_base_commit": commit_json(fork, repository, base),
        "status": _status(of["ahead"], of["behind"]),
        "ahead_by": of["ahead"],
        "behind_by": of["behind"],
        "total_commits": of["ahead"],
        "commits": [commit_json(one, repository, base) for one in commits],
    }
    if of["first"]:
        files = changes(fork.files, new.files)[:MOST_FILES]
        shape["files"] = [file_json(one, new.sha, repository, base) for one in files]
    return shape


def _status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


def _people(commit: Commit) -> dict[str, Any]:
    person = {
        "name": commit.author.login,
        "email": f"{commit.author.login}@users.noreply.github.com",
        "date": stamp(commit.at),
    }
    return {"author": person, "committer": dict(person)}


def _tree_link(commit: Commit, repository: Repository, base: str) -> dict[str, Any]:
    return {"sha": commit.tree_sha, "url": f"{api_url(repository, base)}/git/trees/{commit.tree_sha}"}


def _parent(sha: str, repository: Repository, base: str, *, kind: str) -> dict[str, Any]:
    return {
        "sha": sha,
        "url": f"{api_url(repository, base)}/{kind}/{sha}",
        "html_url": f"{web_url(repository, base)}/commit/{sha}",
    }


def _entry(path: str, kind: tuple[str, str], sha: str, url: str) -> dict[str, Any]:
    return {"path": path, "mode": kind[0], "type": kind[1], "sha": sha, "url": url}


def _node(name: str) -> str:
    return node_id("G", int(sha_of(name)[:12], 16))
