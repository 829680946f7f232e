"""Exchanges about alerts of all kinds, and about advisories."""

from typing import Any

HELLO = "/repos/octocat/hello-world"
PLANS = "/repos/octocat/secret-plans"
KINDS = ("code-scanning", "dependabot", "secret-scanning")
READS: list[tuple[str, int]] = [
    *((f"{HELLO}/{kind}/alerts?state=open&per_page=1", 200) for kind in KINDS),
    *((f"{HELLO}/{kind}/alerts/1", 200) for kind in KINDS),
    *((f"{HELLO}/{kind}/alerts/99", 404) for kind in KINDS),
    *((f"{PLANS}/{kind}/alerts", 403) for kind in ("code-scanning", "dependabot")),
    (f"{HELLO}/code-scanning/alerts?tool_name=CodeQL&ref=refs/heads/main", 200),
    (f"{HELLO}/dependabot/alerts?severity=high,low&package=greetparse", 200),
    (f"{HELLO}/secret-scanning/alerts?hide_secret=true&secret_type=sendinblue_api_key", 200),
    (f"{PLANS}/secret-scanning/alerts", 404),
    (f"{HELLO}/secret-scanning/alerts/1/locations?per_page=1", 200),
    ("/advisories?ecosystem=pip&severity=high&affects=greetparse", 200),
    ("/advisories?per_page=1", 200),
    ("/advisories/GHSA-2m4p-7q9r-x3vw", 200),
    ("/advisories/GHSA-xxxx-xxxx-xxxx", 404),
    (f"{HELLO}/security-advisories?state=draft", 200),
    (f"{HELLO}/security-advisories/GHSA-9c3v-4w5x-h7jf", 200),
    (f"{HELLO}/security-advisories/GHSA-xxxx-xxxx-xxxx", 404),
]
DISMISSED = {"state": "dismissed", "dismissed_comment": "Seen."}
RESOLVED = {"state": "resolved", "resolution": "revoked", "resolution_comment": "Rotated."}
WRITES: list[tuple[str, str, Any, int]] = [
    ("PATCH", f"{HELLO}/code-scanning/alerts/1", {**DISMISSED, "dismissed_reason": "false positive"}, 200),
    ("PATCH", f"{HELLO}/code-scanning/alerts/1", {**DISMISSED, "dismissed_reason": "false positive"}, 400),
    ("PATCH", f"{HELLO}/code-scanning/alerts/1", {"state": "open"}, 200),
    ("PATCH", f"{HELLO}/dependabot/alerts/1", {**DISMISSED, "dismissed_reason": "not_used"}, 200),
    ("PATCH", f"{HELLO}/dependabot/alerts/1", DISMISSED, 422),
    ("PATCH", f"{HELLO}/dependabot/alerts/1", {"state": "open"}, 200),
    ("PATCH", f"{HELLO}/secret-scanning/alerts/1", RESOLVED, 200),
    ("PATCH", f"{HELLO}/secret-scanning/alerts/1", {"state": "open"}, 200),
]
