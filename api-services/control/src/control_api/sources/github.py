"""GitHub's webhooks. Sources: GitHub's documentation on validating deliveries and on webhook payloads.

GitHub signs the raw body and nothing else. Its headers name the event and the delivery and can be forged by whoever has
seen one signed body; so the body must have the one shape of the event that the header names, and the delivery's number
decides nothing. No body has the shapes of two events.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from agent_effects import Change, marked
from agent_vendors.github import REPOSITORIES
from pydantic import Field
from service_kit.settings import split_csv

from control_api.body import parse_json
from control_api.errors import Refusal
from control_api.sources.protocol import SourceEvent, SourceSettings, WebhookRequest, WebhookSource

AS_SENT = "Send the delivery as GitHub made it."
SHAPES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "ping": (frozenset({"zen", "hook_id"}), frozenset({"action", "ref"})),
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
    "workflow_run": (
        frozenset({"action", "workflow_run", "repository", "sender"}),
        frozenset({"issue", "pull_request", "release", "deployment", "deployment_status", "workflow_job"}),
    ),
}
"""For each event that a trigger may listen to: keys that its body has, and keys that it never has."""
SUBJECTS = ("comment", "review", "issue", "pull_request")
SUBJECT_OF = {"issues": "issue", "issue_comment": "comment", "pull_request": "pull_request"}
"""What an event makes or changes, of the events of which github-api causes any."""
MADE = frozenset({"opened", "created"})
FIELDS = {
    **dict.fromkeys(("labeled", "unlabeled"), ("labels",)),
    **dict.fromkeys(("assigned", "unassigned"), ("assignee", "assignees")),
    **dict.fromkeys(("milestoned", "demilestoned"), ("milestone",)),
    **dict.fromkeys(("closed", "reopened"), ("state", "state_reason")),
    **dict.fromkeys(("typed", "untyped"), ("type",)),
    **dict.fromkeys(("review_requested", "review_request_removed"), ("reviewers", "team_reviewers")),
}
"""For each action, the fields of a request of github-api's that leads to it."""
ASSOCIATIONS = frozenset(
    {"COLLABORATOR", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN", "MEMBER", "NONE", "OWNER"}
)
CONDITIONS = {"author_association": ASSOCIATIONS}


class GitHubSettings(SourceSettings):
    """The variables of GitHub's instance without a name."""

    github_webhook_secret: str | None = Field(
        None, description="the webhook's secret at GitHub; several, comma-separated, while one is replaced", repr=False
    )
    github_own_logins: str = Field(
        "agent-bot,agent-bot[bot]",
        description="our own accounts at GitHub, comma-separated: their events start nothing",
    )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets in force."""
        return split_csv(self.github_webhook_secret)

    @property
    def own_accounts(self) -> tuple[str, ...]:
        """Our own logins."""
        return split_csv(self.github_own_logins)


class GitHubWebhooks(WebhookSource):
    """The source `github`."""

    name = "github"
    vendor = "github"
    title = "GitHub"
    settings = GitHubSettings
    events = SHAPES
    conditions = CONDITIONS

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        """Check `X-Hub-Signature-256`, the HMAC of the raw body."""
        given = request.headers.get("x-hub-signature-256")
        if not signed(request.body, given, secrets):
            what = "is missing" if given is None else "does not fit the body"
            remedy = "Set the same secret at GitHub and here."
            raise Refusal("signature", f"X-Hub-Signature-256 {what}", remedy=remedy)

    def read(self, request: WebhookRequest) -> SourceEvent:
        """Read a delivery: a JSON object, whose event its header names."""
        payload = parse_json(request.body, request.headers, AS_SENT)
        if not isinstance(payload, dict):
            raise Refusal("json", "the body is not a JSON object", remedy=AS_SENT)
        name = request.headers.get("x-github-event", "")[:64]
        if not name:
            raise Refusal("event", "X-GitHub-Event is missing", remedy="Send the delivery with GitHub's own headers.")
        return replace(self.event(name, payload), delivery_id=request.headers.get("x-github-delivery", "")[:100])

    def event(self, name: str, payload: dict[str, Any]) -> SourceEvent:
        """Make the event of a payload."""
        wrong = shape_error(name, payload)
        if wrong is not None:
            raise Refusal("event", wrong)
        repository, sender = _text(payload, "repository", "full_name"), _text(payload, "sender", "login")
        return SourceEvent(
            name,
            payload,
            identity(payload),
            accounts=(sender,) if sender else (),
            resources={REPOSITORIES: [repository]} if repository else {},
            action=str(payload["action"]) if "action" in payload else None,
            conditions={"author_association": author_association(payload)},
            change=change(name, payload, repository),
        )


def signed(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Say whether `X-Hub-Signature-256` is the HMAC of the raw body under one of the secrets."""
    if not header:
        return False
    expected = ["sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    given = header.strip().encode("utf-8", "surrogateescape")
    return any(hmac.compare_digest(given, one.encode()) for one in expected)


def identity(payload: dict[str, Any]) -> bytes:
    """Give the hash of a body without `installation`, which only the hook of a GitHub App adds."""
    event = {key: value for key, value in payload.items() if key != "installation"}
    return hashlib.sha256(json.dumps(event, sort_keys=True, separators=(",", ":")).encode()).digest()


def shape_error(event: str, payload: dict[str, Any]) -> str | None:
    """Say why a body does not have the shape of an event, or None if it has, or if no trigger may listen to it."""
    if event not in SHAPES:
        return None
    required, forbidden = SHAPES[event]
    missing, foreign = sorted(required - payload.keys()), sorted(forbidden & payload.keys())
    if missing:
        return f"a body of event {event!r} has {', '.join(missing)}, and this one has not"
    if foreign:
        return f"a body of event {event!r} has no {', '.join(foreign)}, and this one has"
    return None


def change(event: str, payload: dict[str, Any], repository: str) -> Change | None:
    """Say what an event made or changed, as github-api would have; None for what github-api never does."""
    action, subject = str(payload.get("action")), SUBJECT_OF.get(event)
    found, about = payload.get(subject or ""), payload.get("issue") or payload.get("pull_request")
    if not isinstance(found, dict) or not isinstance(about, dict):
        return None
    number, made = f"{repository}#{about.get('number')}", action in MADE
    fields = FIELDS.get(action, ())
    if action == "edited" and subject != "comment" and isinstance(payload.get("changes"), dict):
        fields = tuple(payload["changes"])
    if not made and not fields:
        return None
    return Change(
        made=made,
        target=repository if made and subject != "comment" else number,
        at=_time(found, "created_at" if made else "updated_at"),
        url=str(found.get("html_url") or ""),
        marks=marked(found.get("body")),
        fields=fields,
    )


def author_association(payload: dict[str, Any]) -> str:
    """Give how the author of what the event is about relates to the repository, as in `CONTRIBUTOR`."""
    for name in SUBJECTS:
        found = payload.get(name)
        if isinstance(found, dict) and "author_association" in found:
            return str(found["author_association"])
    return "NONE"


def _text(payload: dict[str, Any], key: str, field: str) -> str:
    found = payload.get(key)
    value = found.get(field) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _time(found: dict[str, Any], field: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(found.get(field)))
    except ValueError:
        return None
    return time if time.tzinfo is not None else None
