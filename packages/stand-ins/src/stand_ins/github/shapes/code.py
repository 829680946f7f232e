"""Files that a code search found, as JSON, with the places of the words in them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from stand_ins.github.history import blob_sha
from stand_ins.github.records import Repository
from stand_ins.github.shapes.repository import api_url, repository_json, web_url

AROUND = 60
"""Characters of a fragment on each side of a word."""


def found_file(path: str, repository: Repository, base: str, words: Sequence[str] | None) -> dict[str, Any]:
    """Describe a file; with `words`, the fragments in which they stand."""
    by_id, sha = f"{base}/repositories/{repository.id}", blob_sha(repository.files[path])
    shape: dict[str, Any] = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "url": f"{by_id}/contents/{quote(path)}?ref={repository.head_sha}",
        "git_url": f"{by_id}/git/blobs/{sha}",
        "html_url": f"{web_url(repository, base)}/blob/{repository.head_sha}/{quote(path)}",
        "repository": repository_json(repository, base),
        "score": 1.0,
    }
    if words is not None:
        shape["text_matches"] = _matches(repository.files[path].decode(), words, api_url(repository, base))
    return shape


def _matches(text: str, words: Sequence[str], url: str) -> list[dict[str, Any]]:
    """Give a fragment of whole lines for each word, with its places in the fragment."""
    found: dict[str, list[dict[str, Any]]] = {}
    for word in words:
        at = text.lower().find(word)
        if at < 0:
            continue
        start = text.rfind("\n", 0, max(0, at - AROUND)) + 1
        end = text.find("\n", at + len(word) + AROUND)
        fragment = text[start : end if end >= 0 else len(text)]
        first = at - start
        found.setdefault(fragment, []).append(
            {"text": text[at : at + len(word)], "indices": [first, first + len(word)]}
        )
    return [
        {
            "object_url": url,
            "object_type": "FileContent",
            "property": "content",
            "fragment": fragment,
            "matches": places,
        }
        for fragment, places in found.items()
    ]
