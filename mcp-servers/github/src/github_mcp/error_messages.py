"""What GitHub's refusals mean where it is peculiar, in our own words: by what was asked, and by GitHub's phrases. Pure.

Source of the phrases: replies that users have published.
"""

from collections.abc import Mapping

from mcp_kit.error_messages import Meaning

BLOCKED: Meaning = (
    "GitHub has blocked {target}, for legal reasons or for its terms ({status}).",
    "Leave it: no other token opens it.",
)
PROTECTED: Meaning = (
    "{target} takes no direct push: its branch is protected (409).",
    "Write to another branch, and open a pull request.",
)
NO_CLASSIC: Meaning = (
    "The organization of {target} takes no classic token ({status}).",
    "Tell the operator to put a fine-grained token, or an App, in the place of {token}.",
)
NO_WORKFLOW: Meaning = (
    "The token may not write a workflow's file in {target} ({status}).",
    "Leave that file, or tell the operator to give {token} the scope workflow (fine-grained: Workflows, write).",
)
DISABLED: Meaning = ("Issues are switched off in the repository of {target} (410).", "Leave it.")
SWITCHED_OFF: Meaning = (
    "{target} cannot be listed: the search for them is switched off in its repository ({status}).",
    "Leave it, or tell an administrator: Settings, Advanced Security switches it on.",
)
MEANINGS: dict[int, Meaning] = {
    451: BLOCKED,
}
OWN_ACCOUNT = "the token's account"
"""How the account is called whose token asks, where it is asked for."""
AN_APPS: Meaning = ("GitHub names no account of this token.", "It is a GitHub App's: do without.")
"""What a refusal of `OWN_ACCOUNT` means in the words that GitHub has for an App's token."""
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
NO_SUB_ISSUE: Mapping[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "issue_read with method=get_sub_issues shows those that are there.",
    )
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
        "{vendor} knows no {target}, or the token may not see it (404).",
        "list_gists shows the own ones, and with owner a person's public ones.",
    ),
}
NOT_OUR_GIST: Mapping[int, Meaning] = {
    **NO_GISTS,
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

NO_DISCUSSION_COMMENT: Mapping[int, Meaning] = {
    **NO_DISCUSSION,
    404: (
        "{vendor} knows no {target}, or no such comment in it (404); nothing was written.",
        "get_discussion_comments shows those that are there, each with its id.",
    ),
}

NO_PROJECT: Mapping[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "projects_list shows an organization's, if {token} has its permission Projects; persons' are out of reach.",
    )
}

NO_ITEM: Mapping[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "projects_list with method=list_project_items shows those that are there, each with its id.",
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
    (
        403,
        "account was suspended",
        ("The token's account is suspended (403).", "Tell the operator to put another account's token into {token}."),
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
    (
        403,
        "ip allow list",
        (
            "An organization's list of allowed addresses keeps {target} from this machine (403).",
            "Tell the operator to have this machine's address put on the list.",
        ),
    ),
    *((status, "classic)", NO_CLASSIC) for status in (403, 404)),
    *((status, "without `workflow", NO_WORKFLOW) for status in (403, 404, 409, 422)),
    (
        422,
        "no new commits on the base branch",
        ("{target} has all of its base already (422): there is nothing to merge.", "Go on: nothing needs doing."),
    ),
    (
        422,
        "reference already exists",
        ("{target}: a branch of this name is there already (422).", "list_branches shows its commit."),
    ),
    (409, "through a pull request", PROTECTED),
    (410, "disabled", DISABLED),
    (404, "no analysis found", ("No tool has analysed {target} yet (404): there are no alerts.", "Leave it.")),
    (404, "secret scanning is disabled", SWITCHED_OFF),
    (403, "secret scanning is disabled", SWITCHED_OFF),
    (403, "dependabot alerts are", SWITCHED_OFF),
    *((403, f"{product} security must be enabled", SWITCHED_OFF) for product in ("advanced", "code")),
    (403, "code scanning is not enabled", SWITCHED_OFF),
)
"""What GitHub's message says within a status, in small letters, and what that means."""
