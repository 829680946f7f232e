"""GitHub's record."""

from agent_vendors.record import Vendor
from agent_vendors.resources import ResourceKind
from agent_vendors.search_grammar import QualifierGrammar

REPOSITORIES = ResourceKind(
    "repositories",
    grammar=r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}",
    description="owner/name",
    example="octocat/hello-world",
    separator="/",
    fold=str.lower,
)
"""A repository is named by its owner and its own name, whatever their case.

A new owner has 1 to 39 letters, digits and single hyphens. Some old ones end with a hyphen, and a company's managed
users are `name_company`, so that the grammar takes these too. A repository has 1 to 100 letters, digits, `.`, `-` and
`_`, and is neither `.` nor `..`. Sources: github.com/join and github.com/new (what the forms say), and "Username
considerations for external authentication" at docs.github.com (39 characters with the company's code).
"""

GISTS = ResourceKind(
    "gists",
    grammar=r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}",
    description="the login of the person whose gists are meant",
    example="octocat",
    fold=str.lower,
    personal=True,
)
"""A gist is in no repository: a grant opens all gists of a person, by the login, whatever its case."""

SEARCHES = QualifierGrammar(
    "repo",
    frozenset({"repo", "repository", "org", "organization", "user", "owner", "enterprise", "team", "project"}),
    owner="user",
)
"""How searches are confined to repositories. `user:` names an organization too."""

GITHUB = Vendor(
    name="github",
    title="GitHub",
    upstream="https://api.github.com",
    credential="GITHUB_TOKEN",
    app_variables={f"GITHUB_{end}": end for end in ("APP_ID", "APP_INSTALLATION_ID", "APP_PRIVATE_KEY_PATH")},
    credential_form="a fine-grained token with Issues, Pull requests, Contents and Actions (read and write, or read)",
    mcp_port=9001,
    api_port=3001,
    stand_in_port=4001,
    kinds=(REPOSITORIES, GISTS),
    tools={
        "actions_get": "read",
        "actions_list": "read",
        "actions_run_trigger": "write",
        "add_issue_comment": "write",
        "add_reaction": "write",
        "add_reply_to_pull_request_comment": "write",
        "compare_refs": "read",
        "create_branch": "write",
        "create_gist": "write",
        "create_or_update_file": "write",
        "create_pull_request": "write",
        "delete_file": "danger",
        "create_release": "write",
        "dismiss_notification": "write",
        "discussion_comment_write": "write",
        "find_similar_issues": "read",
        "get_discussion": "read",
        "get_discussion_comments": "read",
        "list_discussion_categories": "read",
        "list_discussions": "read",
        "get_commit": "read",
        "get_file_blame": "read",
        "generate_release_notes": "read",
        "get_file_contents": "read",
        "get_repository_tree": "read",
        "get_gist": "read",
        "get_job_logs": "read",
        "list_deployments": "read",
        "list_gists": "read",
        "list_notifications": "read",
        "list_releases": "read",
        "issue_read": "read",
        "issue_write": "write",
        "list_branches": "read",
        "list_commits": "read",
        "get_me": "read",
        "get_team_members": "read",
        "get_teams": "read",
        "list_issue_types": "read",
        "list_issues": "read",
        "list_labels": "read",
        "list_milestones": "read",
        "list_pull_requests": "read",
        "list_tags": "read",
        "manage_notification_subscription": "write",
        "delete_project_item": "danger",
        "merge_pull_request": "danger",
        "fork_repository": "danger",
        "projects_list": "read",
        "projects_write": "write",
        "pull_request_read": "read",
        "pull_request_review_write": "write",
        "push_files": "write",
        "search_code": "read",
        "search_issues": "read",
        "update_gist": "write",
        "update_pull_request": "write",
        "update_pull_request_branch": "write",
        "search_repositories": "read",
        "search_users": "read",
        "sub_issue_write": "write",
        "list_security_alerts": "read",
        "get_security_alert": "read",
        "list_security_advisories": "read",
        "update_security_alert": "danger",
    },
    written_fields={
        "create_branch": frozenset({"ref", "sha"}),
        "create_gist": frozenset({"description", "files", "public"}),
        "create_or_update_file": frozenset({"message", "content", "sha", "branch"}),
        "create_pull_request": frozenset({"title", "head", "base", "body", "draft", "maintainer_can_modify"}),
        "dismiss_notification": frozenset({"last_read_at"}),
        "delete_file": frozenset({"message", "sha", "branch"}),
        "fork_repository": frozenset({"organization", "name"}),
        "manage_notification_subscription": frozenset({"ignored", "subscribed"}),
        "merge_pull_request": frozenset({"commit_title", "commit_message", "sha", "merge_method", "state"}),
        "projects_write": frozenset({"type", "owner", "repo", "number", "fields"}),
        "push_files": frozenset({"sha"}),
        "update_gist": frozenset({"description", "files", "public"}),
        "update_pull_request": frozenset(
            {"title", "body", "state", "base", "draft", "maintainer_can_modify", "reviewers", "team_reviewers"}
        ),
        "update_pull_request_branch": frozenset({"expected_head_sha"}),
        "actions_run_trigger": frozenset({"ref", "inputs", "return_run_details"}),
        "add_issue_comment": frozenset({"body"}),
        "discussion_comment_write": frozenset({"body", "comment"}),
        "add_reply_to_pull_request_comment": frozenset({"body"}),
        "pull_request_review_write": frozenset({"body", "event", "comments", "commit_id"}),
        "update_security_alert": frozenset(
            {"state", "dismissed_reason", "dismissed_comment", "resolution", "resolution_comment"}
        ),
        "create_release": frozenset({"tag_name", "target_commitish", "name", "body", "draft", "prerelease"}),
        "issue_write": frozenset(
            {"title", "body", "assignee", "assignees", "milestone", "labels", "type", "state", "state_reason"}
        ),
    },
    webhook_source="github",
    webhook_options=("GITHUB_OWN_LOGINS",),
    mcp_options=("GITHUB_LOCKDOWN_MODE",),
    first_trigger={
        "name": "triage-new-issues",
        "source": "github",
        "event": "issues",
        "action": "opened",
        "skill": "issue-triage",
        "input": {"repository": "${repository.full_name}", "issue": "${issue.number}"},
        "daily_budget": {"tasks": 200, "usd": 20},
    },
    secret_shapes=(r"gh[pousr]_[A-Za-z0-9]{20,}", r"github_pat_[A-Za-z0-9_]{20,}"),
    keeps_limits=True,
    redirects_downloads=True,
)
