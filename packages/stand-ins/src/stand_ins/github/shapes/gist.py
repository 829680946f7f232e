"""Gists as JSON: in lists without what their files hold, each alone with it."""

from typing import Any
from urllib.parse import quote

from stand_ins.github.gist_records import Gist
from stand_ins.github.shapes.account import node_id, simple_user, stamp

MOST_BYTES = 1_000_000
"""GitHub shows so much of a file."""
KINDS = {"py": ("application/x-python", "Python"), "md": ("text/markdown", "Markdown")}


def gist_json(gist: Gist, base: str, *, whole: bool = False) -> dict[str, Any]:
    """Describe a gist, with the content of its files if it is to be `whole`."""
    url = f"{base}/gists/{gist.id}"
    web = f"{base}/gist/{gist.id}"
    shape: dict[str, Any] = {
        "url": url,
        "forks_url": f"{url}/forks",
        "commits_url": f"{url}/commits",
        "id": gist.id,
        "node_id": node_id("G", int(gist.id, 16) % 10**9),
        "git_pull_url": f"{web}.git",
        "git_push_url": f"{web}.git",
        "html_url": web,
        "files": {name: _file(name, text, web, whole=whole) for name, text in gist.files.items()},
        "public": gist.public,
        "created_at": stamp(gist.created_at),
        "updated_at": stamp(gist.updated_at),
        "description": gist.description,
        "comments": 0,
        "user": None,
        "comments_enabled": True,
        "comments_url": f"{url}/comments",
        "owner": simple_user(gist.owner, base),
        "truncated": False,
    }
    return shape | {"forks": [], "history": []} if whole else shape


def _file(name: str, text: str, web: str, *, whole: bool) -> dict[str, Any]:
    kind, language = KINDS.get(name.rpartition(".")[2], ("text/plain", "Text"))
    raw = text.encode()
    shape: dict[str, Any] = {
        "filename": name,
        "type": kind,
        "language": language,
        "raw_url": f"{web}/raw/{quote(name)}",
        "size": len(raw),
    }
    if whole:
        shown = raw[:MOST_BYTES].decode(errors="ignore")
        shape |= {"truncated": len(raw) > MOST_BYTES, "content": shown, "encoding": "utf-8"}
    return shape
