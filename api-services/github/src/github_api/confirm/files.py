"""Compares GitHub's reply to a write of a file or a branch with the request."""

import base64
import binascii
import hashlib

from api_kit import Json


def blob_of(content: Json) -> str | None:
    """Return git's id of a file's content, which is given in base64; None where it is no base64."""
    try:
        raw = base64.b64decode(str(content), validate=True)
    except (ValueError, binascii.Error):
        return None
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def file_written(asked: Json, reply: Json) -> str | None:
    """Compare a written file with what was asked: its content is the same, by git's id of it."""
    content = reply.get("content") if isinstance(reply, dict) else None
    if not isinstance(asked, dict) or not isinstance(content, dict):
        return "the reply is not a file"
    return None if content.get("sha") == blob_of(asked.get("content")) else "the file has another content than asked"


def file_deleted(asked: Json, reply: Json) -> str | None:
    """Compare the reply with a deletion: it names a commit, and no content."""
    gone = isinstance(reply, dict) and reply.get("content") is None and isinstance(reply.get("commit"), dict)
    return None if gone else "the reply is not of a deleted file"


def points_to(asked: Json, reply: Json) -> str | None:
    """Compare where a branch points with what was asked."""
    found = reply.get("object") if isinstance(reply, dict) else None
    if not isinstance(asked, dict) or not isinstance(found, dict):
        return "the reply is not a branch"
    return None if found.get("sha") == asked.get("sha") else f"the branch points to {found.get('sha')!r}"
