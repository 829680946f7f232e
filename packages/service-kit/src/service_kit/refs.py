"""Refs: the line at the end of a tool's reply by which a claim can be traced to it.

The key is shared by the engine and the MCP servers; agents never see it.
"""

import base64
import hashlib
import hmac
import re
from uuid import UUID

REF_LINE = re.compile(r"\nref: ([a-z2-7]{8})\Z")
REFUSED = "Refused: "
"""How a server's reply begins when the caller's grant forbids the call. It counts only with a ref that fits."""

RETRY_AFTER = re.compile(r"\nretry_after: ([0-9]{1,6})\Z")
"""The last line of an unavailable vendor's failure, before the ref: how many seconds it asks to wait."""


def make_ref(
    key: bytes, *, task: UUID, attempt: int, tool: str, text: str, failed: bool, unavailable: bool = False
) -> str:
    """Derive the ref of one reply: 8 base32 characters of an HMAC-SHA256. That of a failure never fits a success.

    `tool` is server and tool, such as `github/issue_read`; `text` is the reply's exact text before the ref line. A
    failure is `unavailable` where the vendor, or what stands before it, gave no answer or asked to wait.
    """
    parts = (str(task), str(attempt), tool, "unavailable" if unavailable else "failed" if failed else "ok", text)
    message = b"".join(len(part := item.encode("utf-8", "surrogatepass")).to_bytes(8) + part for item in parts)
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return base64.b32encode(digest)[:8].decode().lower()


def append_ref(text: str, ref: str) -> str:
    """Add the ref as the reply's last line."""
    return f"{text}\nref: {ref}"


def split_ref(text: str) -> tuple[str, str | None]:
    """Return a reply's text and its ref; None as the ref if the last line is not one."""
    match = REF_LINE.search(text)
    return (text[: match.start()], match.group(1)) if match else (text, None)


def ref_fits(
    key: bytes, *, task: UUID, attempt: int, tool: str, reply: str, failed: bool, unavailable: bool = False
) -> str | None:
    """Return a reply's ref if the server gave it to this attempt, for this tool and outcome; else None."""
    text, ref = split_ref(reply)
    if ref is None:
        return None
    made = make_ref(key, task=task, attempt=attempt, tool=tool, text=text, failed=failed, unavailable=unavailable)
    return ref if hmac.compare_digest(ref, made) else None


def append_retry_after(text: str, seconds: int) -> str:
    """Add how many seconds the vendor asks to wait, as the line before the ref."""
    return f"{text}\nretry_after: {seconds}"


def retry_after(reply: str) -> float | None:
    """Return how many seconds a failure asks to wait; None where it does not say. It counts only with its ref."""
    match = RETRY_AFTER.search(split_ref(reply)[0])
    return float(match[1]) if match else None
