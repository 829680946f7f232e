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

SEARCHES = QualifierGrammar(
    "repo",
    frozenset({"repo", "repository", "org", "organization", "user", "owner", "enterprise", "team", "project"}),
)
"""How searches of issues and pull requests are confined to repositories."""

GITHUB = Vendor(
    name="github",
    title="GitHub",
    upstream="https://api.github.com",
    credential="GITHUB_TOKEN",
    credential_form="a fine-grained token with Issues (read and write), Contents (read) and Pull requests (read)",
    mcp_port=9001,
    api_port=3001,
    stand_in_port=4001,
    kinds=(REPOSITORIES,),
    tools={
        "add_issue_comment": "write",
        "create_release": "write",
        "find_similar_issues": "read",
        "generate_release_notes": "read",
        "get_file_contents": "read",
        "list_deployments": "read",
        "list_releases": "read",
        "issue_read": "read",
        "issue_write": "write",
        "list_issues": "read",
        "list_labels": "read",
        "list_pull_requests": "read",
        "pull_request_read": "read",
        "search_issues": "read",
    },
    written_fields={
        "add_issue_comment": frozenset({"body"}),
        "create_release": frozenset({"tag_name", "target_commitish", "name", "body", "draft", "prerelease"}),
        "issue_write": frozenset(
            {"title", "body", "assignee", "assignees", "milestone", "labels", "type", "state", "state_reason"}
        ),
    },
    webhook_source="github",
    webhook_options=("GITHUB_OWN_LOGINS",),
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
)
