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
PROTECTED: Meaning = (
    "{target} takes no direct push: its branch is protected (409).",
    "Write to another branch, and open a pull request.",
)
DISABLED: Meaning = ("Issues are switched off in the repository of {target} (410).", "Leave it.")
SWITCHED_OFF: Meaning = (
    "{target} cannot be listed: the search for them is switched off in its repository ({status}).",
    "Leave it, or tell an administrator: Settings, Advanced Security switches it on.",
)
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
NO_LABEL: Mapping[int, Meaning] = {
    404: (
        "{target} is not there for the token, or does not have this label (404).",
        "issue_read shows its labels: what is not among them need not be removed.",
    )
}
NO_PARENT: Mapping[int, Meaning] = {
    404: ("{target} is not there for the token, or is no sub-issue (404).", "issue_read shows whether it is there.")
}
NO_TYPES: Mapping[int, Meaning] = {
    404: (
        "{target} has no issue types: its owner is no organization, or the token may not see it (404).",
        "Leave type out.",
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

NO_NOTIFICATIONS: Mapping[int, Meaning] = {
    403: (
        "{vendor} opens notifications to a person's classic token alone, to no GitHub App's or fine-grained one (403).",
        "Use search_issues, as with involves:LOGIN, or tell the operator that {token} needs the scope notifications.",
    ),
    404: ("{vendor} knows no {target} of the token's account (404).", "list_notifications shows those that are there."),
}
NO_GISTS: Mapping[int, Meaning] = {
    403: (
        "{vendor} does not open {target}: a gist belongs to a person, and a GitHub App's token has none (403).",
        "Do without gists, or tell the operator that {token} is no person's token with the permission Gists.",
    ),
    404: (
        "{vendor} knows no {target}, or it is another person's, which the token may not change (404).",
        "list_gists shows the own ones.",
    ),
}

NO_DISCUSSION: Mapping[int, Meaning] = {
    403: (
        "The token may not do this with {target} (403).",
        "Do without it, or tell the operator that {token} lacks Discussions (read and write), or that it is locked.",
    ),
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "list_discussions shows those that are there, each with its number.",
    ),
}

NO_PROJECT: Mapping[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "projects_list shows an organization's, if {token} has its permission Projects; persons' are out of reach.",
    )
}

NO_ADVISORY: Mapping[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "list_security_advisories without ghsa_id lists those that are there.",
    )
}


def no_alert(permission: str) -> Mapping[int, Meaning]:
    """Return what a 403 and a 404 to alerts mean, to which GitHub says no more; names the permission that they take."""
    lacking = f"tell the operator that {{token}} may lack {permission}."
    return {
        403: ("{vendor} does not show {target} to the token (403).", f"Do without, or {lacking}"),
        404: (
            "{vendor} knows no {target}, or the token may not see it (404).",
            f"list_security_alerts gives the numbers; if it fails too, {lacking}",
        ),
    }


def not_written(permission: str) -> Mapping[int, Meaning]:
    """Return what a 404 to a write means, to which GitHub says no more; names the permission that it takes."""
    return {
        404: (
            "{vendor} knows no {target}, or the token may not write there (404).",
            f"If the name is right, tell the operator that {{token}} lacks {permission} (read and write).",
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
        403,
        "must have admin rights",
        (
            "The token's account has no write access to the repository of {target} (403).",
            "Do without the write, or tell the operator that {token} lacks write access.",
        ),
    ),
    (403, "already running", ("{target} is running already (403).", "Wait for its end, or cancel it first.")),
    (
        403,
        "created over a month ago",
        ("GitHub runs {target} no more: it is older than a month (403).", "Start its workflow anew by run_workflow."),
    ),
    (
        403,
        "cannot be retried",
        ("{target} cannot be run again (403): no job of it failed, or its workflow file is broken.", "Leave it."),
    ),
    (409, "that is completed", ("{target} has ended, and cannot be cancelled (409).", "Leave it.")),
    (
        404,
        "no commit found for the ref",
        ("{vendor} knows no such ref for {target} (404).", "Check ref, or leave it out for the default branch."),
    ),
    (
        404,
        "branch ",
        ("{vendor} knows no such branch for {target} (404).", "Make it with create_branch, or see list_branches."),
    ),
    (409, "through a pull request", PROTECTED),
    (410, "disabled", DISABLED),
    (404, "no analysis found", ("No tool has analysed {target} yet (404): there are no alerts.", "Leave it.")),
    (404, "secret scanning is disabled", SWITCHED_OFF),
    (403, "secret scanning is disabled", SWITCHED_OFF),
    (403, "dependabot alerts are", SWITCHED_OFF),
    (403, "advanced security must be enabled", SWITCHED_OFF),
    (403, "code scanning is not enabled", SWITCHED_OFF),
)
"""What GitHub's message says within a status, in small letters, and what that means."""
FIELDS = {
    "assignees": "Only people with access to the repository can be assigned: leave the others out.",
    "labels": "Take labels from list_labels.",
    "milestone": "Take the milestone from list_milestones.",
    "type": "Take the type from list_issue_types.",
    "tag_name": "Use a tag that git allows and that has no release yet: list_releases shows those that have one.",
    "target_commitish": "Give a branch or a commit that is there.",
    "files": "Give each file a name, and content that is not blank.",
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
