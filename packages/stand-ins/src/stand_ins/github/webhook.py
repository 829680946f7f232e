"""The headers of GitHub's webhooks, signed over the raw body."""

import hashlib

from stand_ins.kit.webhooks import Delivery, hmac_hex

HOOK_ID = 480_001


def sign(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """Sign a body as GitHub does, for X-Hub-Signature-256 (or, with sha1, the older X-Hub-Signature)."""
    return f"{algorithm}={hmac_hex(secret, body, algorithm)}"


def headers(delivery: Delivery, secret: str | None) -> dict[str, str]:
    """Return a delivery's headers."""
    made = {
        "Accept": "*/*",
        "User-Agent": f"GitHub-Hookshot/{hashlib.sha256(delivery.guid.encode()).hexdigest()[:7]}",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(HOOK_ID),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.about["repository_id"]),
        "X-GitHub-Hook-Installation-Target-Type": "repository",
    }
    if secret:
        made["X-Hub-Signature"] = sign(secret, delivery.body, "sha1")
        made["X-Hub-Signature-256"] = sign(secret, delivery.body)
    return made
