"""Pull requests as JSON, their files, and their diff as text."""

from typing import Any

from stand_ins.github.history import ChangedFile, sha_of
from stand_ins.github.merging import is_mergeable
from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.shapes.account import simple_user, stamp
from stand_ins.github.shapes.issue import issue_json, issue_url, issue_web_url
from stand_ins.github.shapes.repository import api_url, repository_json, web_url
from stand_ins.github.shapes.team import team_json
from stand_ins.github.world import World

FROM_ISSUE = (
    *("id", "node_id", "number", "state", "locked", "title", "user", "body", "labels", "milestone", "html_url"),
    *("active_lock_reason", "created_at", "updated_at", "closed_at", "assignee", "assignees", "author_association"),
)


def pull_simple(issue: Issue, pull: Pull, repository: Repository, world: World, base: str) -> dict[str, Any]:
    """Describe a pull request as it appears in a list."""
    whole = issue_json(issue, repository, world, base)
    url = f"{api_url(repository, base)}/pulls/{issue.number}"
    page = issue_web_url(issue, repository, base)
    shape = {key: whole[key] for key in FROM_ISSUE}
    comments = f"{issue_url(issue, repository, base)}/comments"
    links = {
        "self": url,
        "html": page,
        "issue": issue_url(issue, repository, base),
        "comments": comments,
        "review_comments": f"{url}/comments",
        "review_comment": f"{api_url(repository, base)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api_url(repository, base)}/statuses/{pull.head_sha}",
    }
    return shape | {
        "url": url,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": links["issue"],
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": comments,
        "statuses_url": links["statuses"],
        "merged_at": stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha or sha_of(pull.base_sha, pull.head_sha),
        "requested_reviewers": [simple_user(one, base) for one in pull.requested_reviewers],
        "requested_teams": [team_json(one, base) for one in pull.requested_teams],
        "head": _head(pull, repository, world, base),
        "base": _side(pull.base_ref, pull.base_sha, repository, base),
        "_links": {key: {"href": value} for key, value in links.items()},
        "auto_merge": None,
        "draft": pull.draft,
    }


def pull_json(issue: Issue, pull: Pull, repository: Repository, world: World, base: str) -> dict[str, Any]:
    """Describe a pull request at its own address."""
    open_ = issue.state == "open"
    clean = open_ and is_mergeable(repository, pull)
    state = "unknown" if not open_ else "clean" if clean else "dirty"
    return pull_simple(issue, pull, repository, world, base) | {
        "merged": pull.merged_at is not None,
        "mergeable": clean if open_ else None,
        "rebaseable": clean if open_ else None,
        "mergeable_state": state,
        "merged_by": simple_user(pull.merged_by, base) if pull.merged_by else None,
        "comments": len(issue.comments),
        "review_comments": sum(len(one.comments) for one in pull.threads),
        "maintainer_can_modify": False,
        "commits": pull.commits,
        "additions": sum(one.additions for one in pull.files),
        "deletions": sum(one.deletions for one in pull.files),
        "changed_files": len(pull.files),
    }


def file_json(file: ChangedFile, head: str, repository: Repository, base: str) -> dict[str, Any]:
    """Describe one file (GitHub's diff-entry) that was changed up to the commit `head`."""
    web = web_url(repository, base)
    shape: dict[str, Any] = {
        "sha": sha_of(file.filename, head),
        "filename": file.filename,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{web}/blob/{head}/{file.filename}",
        "raw_url": f"{web}/raw/{head}/{file.filename}",
        "contents_url": f"{api_url(repository, base)}/contents/{file.filename}?ref={head}",
    }
    if file.patch is not None:
        shape["patch"] = file.patch
    if file.previous_filename is not None:
        shape["previous_filename"] = file.previous_filename
    return shape


def diff_text(pull: Pull) -> str:
    """Write the whole pull request as a unified diff, as the diff media type gives it."""
    return "".join(_file_diff(one, pull) for one in pull.files)


def _file_diff(file: ChangedFile, pull: Pull) -> str:
    old = file.previous_filename or file.filename
    new_id, old_id = sha_of(file.filename, pull.head_sha)[:10], sha_of(old, pull.base_sha)[:10]
    lines = [f"diff --git a/{old} b/{file.filename}"]
    if file.status == "added":
        lines.append("new file mode 100644")
        old_id = "0" * 10
    elif file.status == "removed":
        lines.append("deleted file mode 100644")
        new_id = "0" * 10
    elif file.status == "renamed":
        lines += [f"rename from {old}", f"rename to {file.filename}"]
    lines.append(f"index {old_id}..{new_id}")
    if file.patch is None:
        lines.append(f"Binary files a/{old} and b/{file.filename} differ")
    else:
        lines.append("--- /dev/null" if file.status == "added" else f"--- a/{old}")
        lines.append("+++ /dev/null" if file.status == "removed" else f"+++ b/{file.filename}")
        lines.append(file.patch.rstrip("\n"))
    return "\n".join(lines) + "\n"


def _head(pull: Pull, repository: Repository, world: World, base: str) -> dict[str, Any]:
    """Describe the branch of a pull request; of a fork that is gone GitHub gives no repository."""
    source = world.head_repository(repository, pull)
    side = _side(pull.head_ref, pull.head_sha, source or repository, base)
    return side if source else side | {"label": pull.head_ref, "user": None, "repo": None}


def _side(ref: str, sha: str, repository: Repository, base: str) -> dict[str, Any]:
    return {
        "label": f"{repository.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": simple_user(repository.owner, base),
        "repo": repository_json(repository, base),
    }
