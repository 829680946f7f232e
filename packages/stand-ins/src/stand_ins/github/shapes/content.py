"""Files and folders of a repository as JSON."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from stand_ins.github.history import blob_sha, sha_of
from stand_ins.github.records import Repository
from stand_ins.github.shapes.repository import api_url, web_url

LINE = 60
INLINE_LIMIT = 1_000_000


def file_entry(path: str, content: bytes, repository: Repository, ref: str, base: str) -> dict[str, Any]:
    """Describe a file as an entry of its folder."""
    return _entry("file", path, len(content), blob_sha(content), repository, ref, base)


def folder_entry(path: str, repository: Repository, ref: str, base: str) -> dict[str, Any]:
    """Describe a folder as an entry of its parent."""
    return _entry("dir", path, 0, sha_of(repository.full_name, path), repository, ref, base)


def file_json(path: str, content: bytes, repository: Repository, ref: str, base: str) -> dict[str, Any]:
    """Describe a file with its content in base64, 60 characters a line; past 1 MB GitHub leaves the content out."""
    entry = file_entry(path, content, repository, ref, base)
    if len(content) > INLINE_LIMIT:
        return entry | {"content": "", "encoding": "none"}
    text = base64.b64encode(content).decode()
    lines = "".join(f"{text[start : start + LINE]}\n" for start in range(0, len(text), LINE))
    return entry | {"content": lines, "encoding": "base64"}


def folder_entries(
    path: str, files: Mapping[str, bytes], repository: Repository, ref: str, base: str
) -> list[dict[str, Any]]:
    """List what lies directly in a folder ("" is the root): names in order, folders among the files."""
    prefix = f"{path}/" if path else ""
    entries: dict[str, dict[str, Any]] = {}
    for name in sorted(files):
        if not name.startswith(prefix):
            continue
        first, slash, _ = name[len(prefix) :].partition("/")
        at = prefix + first
        if slash:
            entries.setdefault(at, folder_entry(at, repository, ref, base))
        else:
            entries[at] = file_entry(at, files[name], repository, ref, base)
    return list(entries.values())


def _entry(kind: str, path: str, size: int, sha: str, repository: Repository, ref: str, base: str) -> dict[str, Any]:
    quoted = quote(path)
    url = f"{api_url(repository, base)}/contents/{quoted}?ref={quote(ref, safe='')}"
    web = web_url(repository, base)
    git = f"{api_url(repository, base)}/git/{'blobs' if kind == 'file' else 'trees'}/{sha}"
    page = f"{web}/{'blob' if kind == 'file' else 'tree'}/{ref}/{quoted}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": size,
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": f"{web}/raw/{ref}/{quoted}" if kind == "file" else None,
        "type": kind,
        "_links": {"self": url, "git": git, "html": page},
    }
