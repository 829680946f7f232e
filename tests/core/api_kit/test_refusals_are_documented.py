"""Refusals: a closed list of reasons, all of them on the package's page, each with a remedy."""

import json
from pathlib import Path

from api_kit.errors import REASONS, Refusal


def test_every_reason_is_on_the_page() -> None:
    """Whoever meets a reason finds it."""
    page = Path(__file__).parents[3].joinpath("api-services/kit/README.md").read_text()
    assert [reason for reason in REASONS if f"`{reason}`" not in page] == []


def test_a_refusal_says_what_to_do() -> None:
    """Message, reason and remedy in the body; reason, wait, methods and scheme in headers."""
    refusal = Refusal("rate", "too many", retry_after=0.02)
    assert json.loads(refusal.body()) == {"message": "too many", "reason": "rate", "remedy": REASONS["rate"].remedy}
    assert refusal.headers() == [(b"x-agent-gateway-error", b"rate"), (b"retry-after", b"1")]
    assert (b"allow", b"GET, PATCH") in Refusal("method", "x", allow=("GET", "PATCH")).headers()
    assert (b"www-authenticate", b"Bearer") in Refusal("service_token", "x").headers()
    assert Refusal("path", "x", remedy="y").remedy == "y"
    assert all(reason.remedy.endswith(".") and 400 <= reason.status < 600 for reason in REASONS.values())
