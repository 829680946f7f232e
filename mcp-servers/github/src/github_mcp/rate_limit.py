"""What GitHub's replies tell of its limits. Pure.

Source: docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, "Checking the status of your
rate limit".
"""

import re
from datetime import UTC, datetime

from mcp_kit.reply_meta import VendorLimit
from service_kit.http import Reply

COUNT = re.compile(r"[0-9]{1,9}")
SECONDS = re.compile(r"[0-9]{1,10}")
BUCKET = re.compile(r"[a-z_]{1,40}")


def limit_of(reply: Reply) -> VendorLimit | None:
    """Return what is left of the limit that a reply counted in; None where its headers do not tell it."""
    names = ("resource", "remaining", "limit", "reset")
    bucket, remaining, limit, reset = (reply.headers.get(f"x-ratelimit-{name}", "") for name in names)
    if not COUNT.fullmatch(remaining) or not SECONDS.fullmatch(reset):
        return None
    return VendorLimit(
        bucket if BUCKET.fullmatch(bucket) else "core",
        int(remaining),
        int(limit) if COUNT.fullmatch(limit) else None,
        datetime.fromtimestamp(int(reset), UTC),
    )
