"""Calls that are written for github-mcp-server: its names of tools, toolsets and arguments, and what they are here.

Source: https://github.com/github/github-mcp-server, its README and the schemas in pkg/github/__toolsnaps__.
"""

from collections.abc import Mapping
from typing import Any

from mcp_kit.peers import Implied, Peers

from github_mcp.client.security import KINDS

ALIASES = {
    "get_label": "list_labels",
    "get_latest_release": "list_releases",
    "get_notification_details": "list_notifications",
    "get_release_by_tag": "list_releases",
    "get_tag": "get_commit",
    "list_label": "list_labels",
    "manage_repository_notification_subscription": "manage_notification_subscription",
    "mark_all_notifications_read": "dismiss_notification",
    **{f"list_{kind}_alerts": "list_security_alerts" for kind in KINDS},
    **{f"get_{kind}_alert": "get_security_alert" for kind in KINDS},
    "get_global_security_advisory": "list_security_advisories",
    "list_global_security_advisories": "list_security_advisories",
    "list_repository_security_advisories": "list_security_advisories",
    "search_pull_requests": "search_issues",
    "projects_get": "projects_list",
    "add_comment_to_pending_review": "pull_request_review_write",
}
"""Its tools that are one of ours."""
TOOLSET_ALIASES = {
    "git": "repos",
    "labels": "issues",
    **dict.fromkeys(("users", "orgs"), "search"),
    **dict.fromkeys(("code_security", "dependabot", "secret_protection", "security_advisories"), "security"),
}
"""Its toolsets that are one of ours."""
LINE = {"path": "path", "line": "line", "body": "body", "side": "side", "startLine": "start_line"}
"""What it says of one comment on a line, and what we say."""


def pending_comment(given: Mapping[str, Any]) -> dict[str, Any]:
    """Put the one comment of a call of its into the list of ours."""
    comment = {ours: given[theirs] for theirs, ours in LINE.items() if given.get(theirs) is not None}
    rest = {name: value for name, value in given.items() if name not in {*LINE, "startSide", "subjectType"}}
    return {"method": "add_to_pending", "comments": [comment], **rest}


IMPLIED: Mapping[str, Implied] = {
    "search_pull_requests": {"kind": "pull-request"},
    "add_comment_to_pending_review": pending_comment,
    "get_latest_release": {"latest": True},
    "get_tag": {"detail": "brief"},
    "mark_all_notifications_read": {"state": "all_read"},
    **{name: {"kind": kind} for kind in KINDS for name in (f"list_{kind}_alerts", f"get_{kind}_alert")},
}
"""What such a name says by itself."""
ADD_REACTION = "add_reaction of the toolset issue_depth adds it"
PEERS = Peers(
    names={
        "owner/repo": "repository",
        "issue_number": "issue",
        "pullNumber": "pull_request",
        "perPage": "limit",
        "per_page": "limit",
        "after": "cursor",
        "orderBy": "sort",
        "order": "direction",
        "sha": "ref",
        "tree_sha": "ref",
        "tag": "ref",
        "path_filter": "path",
        "from_branch": "from_ref",
        "expectedHeadSha": "head_sha",
        "commitID": "commit_id",
        "commentId": "comment",
        "commentNodeID": "reply_to",
        "project_number": "project",
        "item_id": "item",
        "discussionNumber": "discussion",
        "threadId": "threads",
        "org": "organization",
        "team_slug": "team",
        "gist_id": "gist",
        "username": "owner",
        "notificationID": "thread",
        "threadID": "thread",
        "before": "until",
        "lastReadAt": "last_read_at",
        "alertNumber": "alert",
        "ghsaId": "ghsa_id",
        "cveId": "cve_id",
    },
    values={
        "method": {"get_status": "get_check_runs", "get_labels": "get"},
        "sort": {"created_at": "created", "updated_at": "updated", "popularity": "comments"},
        "detail": {"none": "brief", "brief": "compact", "stats": "compact", "full_patch": "full"},
    },
    nested=("workflow_runs_filter", "workflow_jobs_filter"),
    ignored=("fields", "minimal_output", "return_content", "perPage", "per_page"),
    hints={
        "owner": "give owner and repo, or repository as owner/name",
        "repo": "give owner and repo, or repository as owner/name",
        "search_code.sort": "GitHub orders these by best match alone",
        "search_code.direction": "GitHub orders these by best match alone",
        "search_code.order": "GitHub orders these by best match alone",
        "get_teams.user": "teams are those of an organization, or the token's own",
        "fork_repository.organization": "give the fork's whole name as fork, as in organization/name",
        "allow_symlink_write": "symbolic links are not written here",
        "field_filters": "values of custom fields are not read here; search_issues takes GitHub's own qualifiers",
        "issue_fields": "custom fields of issues are not written here; projects_write sets those of a project",
        "duplicate_of": 'comment "Duplicate of #7" by add_issue_comment: GitHub links the two',
        "reaction": ADD_REACTION,
        "add_issue_comment.comment_id": ADD_REACTION,
        "sub_issue_id": "give its number as sub_issue, which rows show; an id is no number",
        "after_id": "give the neighbour's number as after; an id is no number",
        "before_id": "give the neighbour's number as before; an id is no number",
        "reviewers": "update_pull_request asks reviewers once it is open",
        "method=download_workflow_run_artifact": "list_workflow_run_artifacts of actions_list names artifacts; no file "
        "is downloaded",
        "method=get_workflow_run_logs_url": "get_job_logs with run_id reads the logs",
        "method=delete_workflow_run_logs": "logs are not deleted here",
    },
    tools={
        "search_commits": "Messages are not searched: list_commits narrows by author, path, since and until.",
        "search_orgs": "search_users of the toolset search finds organizations by type:org in the query.",
        "create_repository": "Repositories are made by people: github.com/new.",
        "delete_repository": "Repositories are deleted by people, in their settings.",
        "list_repository_collaborators": "get_team_members of the toolset teams lists people; issue_write and "
        "update_pull_request say whom GitHub does not take.",
        "label_write": "issue_write makes new labels as they are first given; people change them in the repository.",
        "list_issue_fields": "projects_list of the toolset projects lists a project's: method=list_project_fields.",
        "find_duplicate": "find_similar_issues does it.",
        "request_copilot_review": "update_pull_request asks people for a review; Copilot is asked on GitHub.",
        "assign_copilot_to_issue": "issue_write assigns people; Copilot is assigned on GitHub.",
        **dict.fromkeys(
            ("list_starred_repositories", "star_repository", "unstar_repository"), "Stars are given by people."
        ),
    },
)
