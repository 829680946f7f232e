"""GitHub's source, with an issue that was opened."""

import json

from agent_effects import marker
from conformance.sources.record import Headers, Sample
from control_api.sources.github import GitHubWebhooks
from fixtures.control import payload, signature


def signed(body: bytes, secret: str, now: float, number: int) -> Headers:
    """Give the headers of a delivery."""
    return {
        "content-type": "application/json",
        "x-github-event": "issues",
        "x-github-delivery": f"d-{number}",
        "x-hub-signature-256": signature(body, secret),
    }


GITHUB = Sample(
    source=GitHubWebhooks(),
    event="issues",
    payload=payload(),
    sent=lambda payload: json.dumps(payload).encode(),
    signed=signed,
    resources={"repositories": ["octocat/hello-world"]},
    account=("sender", "login", "mona"),
    rejected=422,
    second_hook={"installation": {"id": 1}},
    marked=lambda payload, effect: {**payload, "issue": {**payload["issue"], "body": marker(effect)}},
)
"""The source with one event."""
