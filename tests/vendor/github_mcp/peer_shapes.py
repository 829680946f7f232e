"""What github-mcp-server 1.10 makes of GitHub's own replies, by the fields of its `minimal_types.go`.

Source: https://github.com/github/github-mcp-server, commit 64a49f34d076.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

Raw = Any
Shape = Callable[[Raw], Raw]
NO_REACTIONS = dict.fromkeys(
    ("total_count", "+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"), 0
)  # fmt: skip
TAIL = 100
"""Lines of a log that are asked for; 500 come where nobody says how many."""


def text(document: Raw) -> str:
    """Write what an agent reads of a reply: text as it is, anything else as compact JSON."""
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def given(fields: dict[str, Raw]) -> dict[str, Raw]:
    """Leave out what is empty, as `omitempty` does."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], 0)}


def kept(raw: Raw, *names: str) -> dict[str, Raw]:
    """Keep some fields."""
    return {name: raw[name] for name in names}


def user(raw: Raw) -> Raw:
    """Shape an account."""
    return {"login": raw["login"], "id": raw["id"], "profile_url": raw["html_url"], "avatar_url": raw["avatar_url"]}


def comment(raw: Raw) -> Raw:
    """Shape a comment of an issue."""
    fields = kept(raw, "id", "body", "html_url", "author_association", "created_at", "updated_at")
    return {**fields, "user": user(raw["user"]), "reactions": NO_REACTIONS}


def listed_issue(raw: Raw) -> Raw:
    """Shape an issue of a list."""
    fields = kept(raw, "number", "title", "body", "state", "comments", "created_at", "updated_at")
    labels, people = [one["name"] for one in raw["labels"]], [one["login"] for one in raw["assignees"]]
    return {**given({**fields, "labels": labels}), "user": {"login": raw["user"]["login"]}, "assignees": people}


def issue(raw: Raw) -> Raw:
    """Shape an issue that is read alone."""
    fields = kept(raw, "state_reason", "html_url", "author_association", "closed_at")
    return {**listed_issue(raw), **given(fields), "user": user(raw["user"]), "reactions": NO_REACTIONS}


def _side(raw: Raw) -> Raw:
    repository = {"full_name": raw["repo"]["full_name"], "description": raw["repo"]["description"]}
    return {"ref": raw["ref"], "sha": raw["sha"], "repo": given(repository)}


def pull(raw: Raw) -> Raw:
    """Shape a pull request."""
    names = ("additions", "deletions", "changed_files", "commits", "html_url", "mergeable_state", "merged_at")
    fields = given({name: raw.get(name) for name in names})
    thread = {**listed_issue({"comments": 0, **raw}), "user": user(raw["user"]), "draft": raw["draft"], "merged": False}
    return {**thread, **fields, "head": _side(raw["head"]), "base": _side(raw["base"])}


def file(raw: Raw) -> Raw:
    """Shape a changed file."""
    names = ("filename", "status", "additions", "deletions", "changes", "patch", "previous_filename")
    return given({name: raw.get(name) for name in names})


def label(raw: Raw) -> Raw:
    """Shape a label."""
    return {"id": raw["node_id"], "name": raw["name"], "color": raw["color"], "description": raw["description"] or ""}


def labels(raw: Raw) -> Raw:
    """Shape all labels of a repository."""
    return {"labels": [label(one) for one in raw], "totalCount": len(raw)}


def commit(raw: Raw) -> Raw:
    """Shape a commit; one that is read alone has its numbers and files."""
    git = {"message": raw["commit"]["message"], **kept(raw["commit"], "author", "committer")}
    people = {name: user(raw[name]) for name in ("author", "committer")}
    files = [file(one) for one in raw.get("files", ())]
    return {
        **kept(raw, "sha", "html_url"),
        "commit": git,
        **people,
        **given({"stats": raw.get("stats"), "files": files}),
    }


def pointer(raw: Raw) -> Raw:
    """Shape a branch or a tag."""
    return {
        "name": raw["name"],
        "sha": raw["commit"]["sha"],
        **({"protected": raw["protected"]} if "protected" in raw else {}),
    }


def tree(raw: Raw) -> Raw:
    """Shape a tree."""
    return kept(raw, "tree", "truncated")


def review(raw: Raw) -> Raw:
    """Shape a review."""
    fields = kept(raw, "id", "state", "body", "html_url", "commit_id", "submitted_at", "author_association")
    return {**given(fields), "user": user(raw["user"])}


def checks(raw: Raw) -> Raw:
    """Shape the check runs of a commit."""
    names = ("id", "name", "status", "conclusion", "html_url", "details_url", "started_at", "completed_at")
    return {"total_count": raw["total_count"], "check_runs": [given(kept(one, *names)) for one in raw["check_runs"]]}


def status(raw: Raw) -> Raw:
    """Shape the statuses of a commit together."""
    names = ("state", "context", "description", "target_url", "created_at", "updated_at")
    return {
        **kept(raw, "state", "sha", "total_count"),
        "statuses": [given(kept(one, *names)) for one in raw["statuses"]],
    }


def log(whole: str) -> Raw:
    """Shape the end of a job's log."""
    lines = whole.splitlines()
    content = "\n".join(lines[-TAIL:])
    told = "Job logs content retrieved successfully"
    return {"job_id": 7100004, "logs_content": content, "message": told, "original_length": len(lines)}


def threads(raw: Raw) -> Raw:
    """Shape the review threads of a pull request, out of its comments on lines."""
    found: dict[int, list[Raw]] = {}
    for one in raw:
        found.setdefault(one.get("in_reply_to_id") or one["id"], []).append(one)
    shaped = [
        {
            "id": said[0]["node_id"], "is_resolved": False, "is_outdated": False, "is_collapsed": False,
            "comments": [
                {
                    **kept(one, "body", "path", "line", "created_at", "updated_at", "html_url"),
                    "author": one["user"]["login"],
                }
                for one in said
            ],
            "total_count": len(said),
        }
        for said in found.values()
    ]  # fmt: skip
    return {"review_threads": shaped, "totalCount": len(shaped), "pageInfo": page_info("Y3Vyc29yOjE=")}


def blame(raw: Raw) -> Raw:
    """Shape who wrote which lines."""
    ranges = raw["data"]["repository"]["object"]["blame"]["ranges"]
    commits = {one["commit"]["oid"]: one["commit"] for one in ranges}
    return {
        "repository": "octocat/hello-world", "path": "hello/greet.py", "ref": "HEAD",
        "ranges": [
            {
                "starting_line": one["startingLine"], "ending_line": one["endingLine"], "age": 1,
                "commit_sha": one["commit"]["oid"],
            }
            for one in ranges
        ],
        "commits": {
            sha: {
                "sha": sha, "message_headline": one["messageHeadline"], "committed_date": one["committedDate"],
                "author": {
                    "name": one["author"]["name"], "email": f"{one['author']['name']}@users.noreply.github.com",
                    "login": one["author"]["user"]["login"], "url": f"https://github.com/{one['author']['name']}",
                },
            }
            for sha, one in commits.items()
        },
        "pageInfo": page_info("1"), "total_ranges": len(ranges),
    }  # fmt: skip


def page_info(cursor: str) -> Raw:
    """Make the end of a list of GraphQL."""
    return {"hasNextPage": False, "hasPreviousPage": False, "startCursor": cursor, "endCursor": cursor}


def release(raw: Raw) -> Raw:
    """Shape a release."""
    names = ("id", "tag_name", "name", "body", "html_url", "published_at", "prerelease", "draft")
    return {**kept(raw, *names), "author": user(raw["author"])}


def read(path: str) -> Shape:
    """Give the shape of a file that is read whole."""

    def shape(raw: Raw) -> Raw:
        content = base64.b64decode(raw["content"]).decode()
        uri = f"repo://octocat/hello-world/contents/{path}"
        resource = {"uri": uri, "mimeType": "text/plain; charset=utf-8", "text": content}
        return [f"successfully downloaded text file (SHA: {raw['sha']})", resource]

    return shape


def every(one: Shape) -> Shape:
    """Shape each of a list."""
    return lambda raw: [one(item) for item in raw]


def only(*names: str, of: Shape = lambda raw: raw) -> Shape:
    """Shape each of a list, narrowed by the argument `fields`."""
    return lambda raw: [kept(of(item), *names) for item in raw]


def found(*names: str) -> Shape:
    """Shape what a search found, narrowed by the argument `fields`."""
    return lambda raw: {
        **kept(raw, "total_count", "incomplete_results"),
        "items": [given({name: item.get(name) for name in names}) for item in raw["items"]],
    }


def as_it_is(raw: Raw) -> Raw:
    """Shape nothing."""
    return raw
