"""Reads GitHub's refusals: what they mean, and GitHub's own words, quoted where they help to correct a call. Pure.

Sources: docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api (codes, limits, permissions),
.../rest/authentication/authenticating-to-the-rest-api (X-GitHub-SSO), .../apps/oauth-apps/building-oauth-apps/
scopes-for-oauth-apps (X-OAuth-Scopes), and replies that users have published.
"""

import re
from typing import Annotated, Any

from mcp_kit.error_messages import Meaning, rate_limited, wait_of
from mcp_kit.errors import Quoted, ToolFailed
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from service_kit.http import Reply
from service_kit.settings import split_csv

from github_mcp.error_messages import AN_APPS, OWN_ACCOUNT, PHRASES

LIMITED = (403, 429)
LIMITS = ("secondary rate limit", "abuse detection")
"""What the message of such a refusal says of a limit without a number; the second is an older Enterprise server's."""
ORGANIZATION = re.compile(r"required;\s*url=https://[^/\s]+/(?:orgs|enterprises)/([A-Za-z0-9_-]{1,60})/sso(?:\?.*)?")
"""The header of a 403 for want of single sign-on. The rest of its address is a one-time secret, and is not shown."""
PERMISSIONS = re.compile(r"[a-z_]{1,40}=[a-z]{1,10}(?:[,;] ?[a-z_]{1,40}=[a-z]{1,10}){0,9}")
SCOPES = re.compile(r"[a-z_:]{1,40}(?:, ?[a-z_:]{1,40}){0,19}")
APPS_WORDS = "resource not accessible by integration"
OPEN_TO_ALL = "allows_permissionless_access=true"
"""What GitHub lists beside the permissions that it takes: a caller without any may read public things."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]-]{0,60}")
MOST_FAULTS = 5
WORDS = "GitHub's own words"
GENERAL = ("", "validation failed")
"""Messages that say nothing."""
FIELDS = {
    "assignees": "Only people with access to the repository can be assigned: leave the others out.",
    "labels": "Take labels from list_labels.",
    "milestone": "Take a milestone that the repository has: list_milestones (toolset issue_depth) shows them.",
    "type": "Take a type that the organization has: list_issue_types (toolset issue_depth) shows them.",
    "tag_name": "Use a tag that git allows and that has no release yet: list_releases (toolset releases) shows all.",
    "target_commitish": "Give a branch or a commit that is there.",
    "files": "Give each file a name, and content that is not blank.",
    "q": "Correct the search text: a value of a qualifier, or its syntax, is not GitHub's.",
}
"""What to do about a field that GitHub does not accept."""


def _name(value: Any) -> str:
    return value if isinstance(value, str) and NAME.fullmatch(value) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _entries(value: Any) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    return [one if isinstance(one, dict) else {"message": one} for one in found if one is not None]


class Entry(BaseModel):
    """One entry of a 422's `errors`: its field and its code are shown, and its message is quoted."""

    field: Annotated[str, BeforeValidator(_name)] = ""
    code: Annotated[str, BeforeValidator(_name)] = ""
    message: Annotated[str, BeforeValidator(_text)] = ""

    @property
    def shown(self) -> str:
        """The field, and the code where that says something: `custom` means that the message does."""
        return f"{self.field} {'' if self.code == 'custom' else self.code or 'invalid'}".strip() if self.field else ""


class RefusalBody(BaseModel):
    """The part of a refusal that is read. `errors` is a list or a single one, of objects or of mere texts."""

    message: Annotated[str, BeforeValidator(_text)] = ""
    errors: Annotated[list[Entry], BeforeValidator(_entries)] = Field(default_factory=list)

    @property
    def quoted(self) -> Quoted | None:
        """GitHub's own words: those of the entries, and the message where no entry says anything."""
        entries = self.errors[:MOST_FAULTS]
        found = list(dict.fromkeys(entry.message for entry in entries if entry.message))
        if not found and not any(entry.field for entry in entries) and self.message.lower() not in GENERAL:
            found = [self.message]
        return Quoted(WORDS, "\n".join(found)) if found else None


def explain(reply: Reply, target: str) -> ToolFailed | Meaning | None:
    """Return what a refusal means by GitHub's message and headers; None where its status says all."""
    if reply.status < 400:
        return None
    try:
        body = RefusalBody.model_validate_json(reply.body)
    except ValidationError:
        body = RefusalBody()
    said = "\n".join([body.message, *(entry.message for entry in body.errors[:MOST_FAULTS])]).lower()
    if reply.status in LIMITED and any(phrase in said for phrase in LIMITS):
        return rate_limited(wait_of(reply.headers))
    for status, phrase, meaning in PHRASES:
        if reply.status == status and phrase in said:
            return meaning
    match reply.status:
        case 422:
            return _unprocessable(body, target)
        case 405:
            return ToolFailed(
                f"GitHub does not merge {target} (405).",
                next_step="Read it with pull_request_read, and do what is missing.",
                quoted=body.quoted,
            )
        case 403:
            return _not_authorized(reply, said, target)
        case 404:
            return _scopes_lacking(reply, "{vendor} knows no {target}, or the token may not see it (404).")
    return None


def _not_authorized(reply: Reply, said: str, target: str) -> Meaning | None:
    """Return what a token lacks, where GitHub says it."""
    sso = reply.headers.get("x-github-sso", "")
    if sso.startswith("required") or "saml enforcement" in said:
        found = ORGANIZATION.fullmatch(sso)
        organization = f"the organization {found[1]}" if found else "its organization"
        return (
            f"{{target}} needs a token that is authorized for single sign-on of {organization} (403).",
            "Tell the operator to authorize {token}: Configure SSO in GitHub's list of tokens.",
        )
    if target == OWN_ACCOUNT and APPS_WORDS in said:
        return AN_APPS
    listed = reply.headers.get("x-accepted-github-permissions", "")
    lacking = "; ".join(one.strip() for one in listed.split(";") if one.strip() != OPEN_TO_ALL)
    if said.startswith("resource not accessible by") and PERMISSIONS.fullmatch(lacking):
        return (
            f"The token lacks a permission for {{target}}: {lacking} (403).",
            "Do without it, or tell the operator to give {token} that permission.",
        )
    return _scopes_lacking(reply, "The token may not do this with {target} (403).")


def _scopes_lacking(reply: Reply, told: str) -> Meaning | None:
    """Return which scopes would do, where a classic token has none of them."""
    given, wanted = reply.headers.get("x-oauth-scopes"), reply.headers.get("x-accepted-oauth-scopes", "")
    if given is None or not SCOPES.fullmatch(wanted) or set(split_csv(wanted)) & set(split_csv(given)):
        return None
    return (
        f"{told} The token has none of the scopes {wanted}.",
        "If the name is right, tell the operator to give {token} one of them.",
    )


def _unprocessable(body: RefusalBody, target: str) -> ToolFailed:
    """Return which fields GitHub does not accept, with its own words."""
    entries, quoted = body.errors[:MOST_FAULTS], body.quoted
    named = ", ".join(dict.fromkeys(filter(None, (entry.shown for entry in entries))))
    said = named or ("see GitHub's words" if quoted else "a value is not valid")
    advice = [FIELDS[entry.field] for entry in entries if entry.field in FIELDS]
    return ToolFailed(
        f"GitHub does not accept this for {target} (422): {said}.",
        next_step=" ".join(dict.fromkeys(advice)) or "Correct it and call again.",
        quoted=quoted,
    )
