"""What GitHub's refusals mean where it is peculiar: our own words; where GitHub's help to correct a call, quoted. Pure.

Sources: docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api (codes, limits, permissions),
.../rest/authentication/authenticating-to-the-rest-api (X-GitHub-SSO), and replies that users have published.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from mcp_kit.error_messages import Meaning, rate_limited, wait_of
from mcp_kit.errors import Quoted, ToolFailed
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError
from service_kit.http import Reply

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]{1,40}$")]
LIMITED = (403, 429)
LIMITS = ("secondary rate limit", "abuse detection")
"""What the message of such a refusal says of a limit without a number; the second is an older Enterprise server's."""
ORGANIZATION = re.compile(r"required;\s*url=https://[^/\s]+/(?:orgs|enterprises)/([A-Za-z0-9_-]{1,60})/sso(?:\?.*)?")
"""The header of a 403 for want of single sign-on. The rest of its address is a one-time secret, and is not shown."""
PERMISSIONS = re.compile(r"[a-z_]{1,40}=[a-z]{1,10}(?:[,;] ?[a-z_]{1,40}=[a-z]{1,10}){0,9}")
BLOCKED: Meaning = (
    "GitHub has blocked {target}, for legal reasons or for its terms ({status}).",
    "Leave it: no other token opens it.",
)
DISABLED: Meaning = ("Issues are switched off in the repository of {target} (410).", "Leave it.")
MEANINGS: dict[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "Check the name and number, for instance with list_issues or search_issues.",
    ),
    451: BLOCKED,
}
NO_FILE: Mapping[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "Check the path: get_file_contents lists a folder, and without a path the root folder.",
    )
}
NO_RELEASE: Mapping[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "list_releases without tag lists all, and drafts, which have no tag of their own.",
    )
}
NO_NOTES: Mapping[int, Meaning] = {
    404: (
        "{vendor} writes no notes in {target}: it is not there, or the token lacks write access to Contents (404).",
        "Do without them, or tell the operator to give {token} that access.",
    )
}
PHRASES: tuple[tuple[int, str, Meaning], ...] = (
    (
        403,
        "archived",
        ("The repository of {target} is archived, and takes no writes (403).", "Do without the write."),
    ),
    (
        403,
        "is locked",
        (
            "The conversation of {target} is locked: only those with write access may comment (403).",
            "Do without the comment, or tell the operator that {token} lacks write access.",
        ),
    ),
    (403, "access blocked", BLOCKED),
    (
        404,
        "no commit found for the ref",
        ("{vendor} knows no such ref for {target} (404).", "Check ref, or leave it out for the default branch."),
    ),
    (410, "disabled", DISABLED),
)
"""What GitHub's message says within a status, in small letters, and what that means."""
FIELDS = {
    "assignees": "Only people with access to the repository can be assigned: leave the others out.",
    "labels": "Take labels from list_labels.",
    "tag_name": "Use a tag that git allows and that has no release yet: list_releases shows those that have one.",
    "target_commitish": "Give a branch or a commit that is there.",
    "q": "Correct the search text: a value of a qualifier, or its syntax, is not GitHub's.",
}
"""What to do about a field that GitHub does not accept."""


class Fault(BaseModel):
    """One entry of a 422's `errors`; its two closed words are shown, and its message is quoted."""

    field: Word = "request"
    code: Word = "invalid"
    message: str = ""

    @property
    def shown(self) -> str:
        """The field and the code."""
        return f"{self.field} {self.code}"


class Answer(BaseModel):
    """The part of a refusal that is read. Some entries of `errors` are mere texts."""

    message: str = ""
    errors: list[Annotated[Fault, BeforeValidator(lambda one: {"message": one} if isinstance(one, str) else one)]] = (
        Field(default_factory=list)
    )


def explain(reply: Reply, target: str) -> ToolFailed | Meaning | None:
    """Return what a refusal means by GitHub's message and headers; None where its status says all."""
    if reply.status < 400:
        return None
    try:
        answer = Answer.model_validate_json(reply.body)
    except ValidationError:
        answer = Answer()
    if reply.status == 422:
        return _unprocessable(answer, target)
    said = answer.message.lower()
    if reply.status in LIMITED and any(phrase in said for phrase in LIMITS):
        return rate_limited(wait_of(reply.headers))
    for status, phrase, meaning in PHRASES:
        if reply.status == status and phrase in said:
            return meaning
    return _not_authorized(reply, said) if reply.status == 403 else None


def _not_authorized(reply: Reply, said: str) -> Meaning | None:
    """Return what a token lacks, where GitHub says it."""
    sso = reply.headers.get("x-github-sso", "")
    if sso.startswith("required") or "saml enforcement" in said:
        found = ORGANIZATION.fullmatch(sso)
        organization = f"the organization {found[1]}" if found else "its organization"
        return (
            f"{{target}} needs a token that is authorized for single sign-on of {organization} (403).",
            "Tell the operator to authorize {token}: Configure SSO in GitHub's list of tokens.",
        )
    lacking = reply.headers.get("x-accepted-github-permissions", "")
    if said.startswith("resource not accessible by") and PERMISSIONS.fullmatch(lacking):
        return (
            f"The token lacks a permission for {{target}}: {lacking} (403).",
            "Do without it, or tell the operator to give {token} that permission.",
        )
    return None


def _unprocessable(answer: Answer, target: str) -> ToolFailed:
    """Return which fields GitHub does not accept, with its own words."""
    faults = answer.errors[:5]
    said = ", ".join(fault.shown for fault in faults) or "a value is not valid"
    words = [fault.message for fault in faults if fault.message]
    if not faults and answer.message:
        words = [answer.message]
    advice = [FIELDS[fault.field] for fault in faults if fault.field in FIELDS]
    return ToolFailed(
        f"GitHub does not accept this for {target} (422): {said}.",
        next_step=" ".join(dict.fromkeys(advice)) or "Correct it and call again.",
        quoted=Quoted("GitHub's own words", "\n".join(words)) if words else None,
    )
