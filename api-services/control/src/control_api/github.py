"""What GitHub's webhooks look like: the signature over the raw body, and which body fits which event. Pure functions.

Sources: GitHub's documentation on validating deliveries and on webhook payloads.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

SHAPES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "ping": (frozenset({"zen", "hook_id"}), frozenset({"action"})),
    "issues": (frozenset({"action", "issue", "repository", "sender"}), frozenset({"comment", "pull_request"})),
    "issue_comment": (frozenset({"action", "issue", "comment", "repository", "sender"}), frozenset({"pull_request"})),
    "pull_request": (
        frozenset({"action", "pull_request", "repository", "sender", "number"}),
        frozenset({"issue", "review", "comment"}),
    ),
    "pull_request_review": (
        frozenset({"action", "pull_request", "review", "repository", "sender"}),
        frozenset({"issue", "comment"}),
    ),
    "push": (frozenset({"ref", "before", "after", "repository", "sender"}), frozenset({"action"})),
    "release": (frozenset({"action", "release", "repository", "sender"}), frozenset({"issue", "pull_request"})),
    "workflow_run": (frozenset({"action", "workflow_run", "repository", "sender"}), frozenset({"issue"})),
}
"""For each event that a trigger may listen to: keys that its body has, and keys that it never has."""
SUBJECTS = ("comment", "review", "issue", "pull_request")


def signed(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Say whether `X-Hub-Signature-256` is the HMAC of the raw body under one of the secrets."""
    if not header:
        return False
    expected = ["sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    given = header.strip().encode("utf-8", "surrogateescape")
    return any(hmac.compare_digest(given, one.encode()) for one in expected)


def shape_error(event: str, payload: dict[str, Any]) -> str | None:
    """Say why a body is not of the event that its header names, or None.

    The header is not signed: a signed body sent again under another event's name must not pass.
    """
    if event not in SHAPES:
        return None
    required, forbidden = SHAPES[event]
    missing, foreign = sorted(required - payload.keys()), sorted(forbidden & payload.keys())
    if missing:
        return f"a body of event {event!r} has {', '.join(missing)}, and this one has not"
    if foreign:
        return f"a body of event {event!r} has no {', '.join(foreign)}, and this one has"
    return None


def sender(payload: dict[str, Any]) -> str:
    """Give the login of the account that caused the event, or an empty text."""
    found = payload.get("sender")
    return str(found.get("login", "")) if isinstance(found, dict) else ""


def author_association(payload: dict[str, Any]) -> str:
    """Give how the author of what the event is about relates to the repository, as in `CONTRIBUTOR`."""
    for name in SUBJECTS:
        found = payload.get(name)
        if isinstance(found, dict) and "author_association" in found:
            return str(found["author_association"])
    return "NONE"
