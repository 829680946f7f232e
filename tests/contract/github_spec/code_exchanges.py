"""Requests about a repository's history, files and pull requests that are written, and the statuses they get."""

from typing import Any

import httpx

HELLO = "/repos/octocat/hello-world"
CODE_READS = [
    (f"{HELLO}/commits?per_page=2", 200),
    (f"{HELLO}/commits?sha=v2.2.0&path=hello&author=mona-example&since=2026-08-01T00:00:00Z", 200),
    (f"{HELLO}/commits/main", 200),
    (f"{HELLO}/commits/file-per-language?per_page=1", 200),
    (f"{HELLO}/commits/no-such-ref", 404),
    (f"{HELLO}/branches?per_page=1", 200),
    (f"{HELLO}/tags?per_page=1", 200),
    (f"{HELLO}/git/ref/heads/main", 200),
    (f"{HELLO}/git/ref/heads/none", 404),
    (f"{HELLO}/git/trees/main", 200),
    (f"{HELLO}/git/trees/v2.1.0?recursive=1", 200),
    (f"{HELLO}/git/trees/nothing", 404),
    (f"{HELLO}/compare/v2.1.0...v2.3.0", 200),
    (f"{HELLO}/compare/main...file-per-language?per_page=1&page=2", 200),
    (f"{HELLO}/compare/main...nowhere", 404),
    ("/search/code?q=greet+repo:octocat/hello-world+path:hello+extension:py&per_page=1", 200),
    ("/search/code?q=repo:octocat/hello-world", 422),
    ("/search/code?q=greet+repo:octocat/none", 422),
]
CODE_WRITES: list[tuple[str, str, Any, int]] = [
    ("POST", f"{HELLO}/git/refs", {"ref": "refs/heads/topic", "sha": "{main}"}, 201),
    ("POST", f"{HELLO}/git/refs", {"ref": "refs/heads/topic", "sha": "{main}"}, 422),
    ("PUT", f"{HELLO}/contents/docs/new.md", {"message": "m", "content": "aGVsbG8=", "branch": "topic"}, 201),
    ("PUT", f"{HELLO}/contents/docs/new.md", {"message": "m", "content": "aGVsbG8=", "branch": "topic"}, 422),
    (
        "PUT",
        f"{HELLO}/contents/docs/new.md",
        {"message": "m", "content": "aGk=", "branch": "topic", "sha": "1" * 40},
        409,
    ),
    ("PUT", f"{HELLO}/contents/docs/new.md", {"message": "m", "content": "aGk=", "branch": "nowhere"}, 404),
    (
        "POST",
        f"{HELLO}/git/trees",
        {"tree": [{"path": "a/b.txt", "mode": "100644", "type": "blob", "content": "x"}]},
        201,
    ),
    ("POST", f"{HELLO}/git/trees", {"tree": [], "base_tree": "1" * 40}, 422),
    ("POST", f"{HELLO}/git/commits", {"message": "m", "tree": "{tree}", "parents": ["{main}"]}, 201),
    ("POST", f"{HELLO}/git/commits", {"message": "m", "tree": "1" * 40}, 422),
    ("PATCH", f"{HELLO}/git/refs/heads/topic", {"sha": "{main}"}, 422),
    ("PATCH", f"{HELLO}/git/refs/heads/topic", {"sha": "{main}", "force": True}, 200),
    ("PATCH", f"{HELLO}/git/refs/heads/topic", {"sha": "{made}"}, 200),
    ("DELETE", f"{HELLO}/contents/hello/greet.py", {"message": "m", "sha": "{blob}", "branch": "topic"}, 200),
    ("DELETE", f"{HELLO}/contents/hello/greet.py", {"message": "m", "sha": "{blob}", "branch": "topic"}, 404),
    ("POST", f"{HELLO}/pulls", {"title": "T", "head": "topic", "base": "main", "body": "b", "draft": True}, 201),
    ("POST", f"{HELLO}/pulls", {"title": "T", "head": "octocat:topic", "base": "main"}, 422),
    ("POST", f"{HELLO}/pulls", {"title": "T", "head": "nowhere", "base": "main"}, 422),
    ("PATCH", f"{HELLO}/pulls/5", {"title": "New", "body": "b", "state": "closed"}, 200),
    ("PATCH", f"{HELLO}/pulls/5", {"state": "open", "base": "nowhere"}, 422),
    ("PATCH", f"{HELLO}/pulls/5", {"state": "open"}, 200),
    ("POST", f"{HELLO}/pulls/5/requested_reviewers", {"reviewers": ["octocat"]}, 201),
    ("DELETE", f"{HELLO}/pulls/5/requested_reviewers", {"reviewers": ["octocat"]}, 200),
    ("PUT", f"{HELLO}/pulls/5/update-branch", {"expected_head_sha": "1" * 40}, 422),
    ("PUT", f"{HELLO}/pulls/5/merge", {"sha": "1" * 40}, 409),
    ("PUT", f"{HELLO}/pulls/5/merge", {"merge_method": "squash", "commit_title": "t"}, 200),
    ("PUT", f"{HELLO}/pulls/6/merge", {}, 405),
    ("PUT", f"{HELLO}/pulls/6/update-branch", {}, 202),
]
"""The ids between braces are those of `ids_of`."""


async def ids_of(client: httpx.AsyncClient) -> dict[str, str]:
    """Return ids of what is in the repository, which a write names."""
    main = (await client.get(f"{HELLO}/commits/main")).json()
    made = {"message": "made", "tree": main["commit"]["tree"]["sha"], "parents": [main["sha"]]}
    commit = (await client.post(f"{HELLO}/git/commits", json=made)).json()
    blob = (await client.get(f"{HELLO}/contents/hello/greet.py")).json()["sha"]
    return {"main": main["sha"], "tree": made["tree"], "made": commit["sha"], "blob": blob}
