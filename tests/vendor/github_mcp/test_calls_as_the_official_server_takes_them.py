"""Every tool of github-mcp-server's default toolsets and of actions is called by its own arguments' names.

Each call is answered, or refused with a sentence that says what to do instead. Source of the names and values: the
schemas in pkg/github/__toolsnaps__ of https://github.com/github/github-mcp-server.
"""

from typing import Any

import pytest
from vendor.github_mcp.conftest import Ask, GitHub, OpenTools, said

TOOLS = """
get_me get_teams get_team_members search_repositories get_file_contents list_commits search_code search_commits
get_commit get_file_blame list_branches list_tags get_tag list_releases get_latest_release get_release_by_tag
create_or_update_file create_repository fork_repository create_branch push_files delete_file get_repository_tree
list_repository_collaborators issue_read search_issues list_issues list_issue_types list_issue_fields issue_write
add_issue_comment sub_issue_write get_label search_users pull_request_read list_pull_requests search_pull_requests
merge_pull_request update_pull_request_branch create_pull_request update_pull_request pull_request_review_write
add_comment_to_pending_review add_reply_to_pull_request_comment request_copilot_review assign_copilot_to_issue
actions_list actions_get actions_run_trigger get_job_logs
"""
OF = {"owner": "octocat", "repo": "hello-world"}
PULL = {**OF, "pullNumber": 5}
ISSUE = {**OF, "issue_number": 1}
RUN = {**OF, "resource_id": "6100003"}
PENDING = {**PULL, "path": "hello/settings.py", "body": "Why?", "subjectType": "LINE", "side": "RIGHT"}
FILE = {**OF, "path": "new.txt", "message": "Add it", "branch": "main"}
Table = list[tuple[str, dict[str, Any], str]]

ANSWERED: Table = [
    ("get_me", {}, 'agent-bot ("User")'),
    ("get_teams", {"user": ""}, "octo-org/release-crew"),
    ("get_team_members", {"org": "octo-org", "team_slug": "translators"}, "mona-example\nsam-example\nkim-example"),
    (
        "search_repositories",
        {"query": "hello", "sort": "stars", "order": "desc", "page": 1, "perPage": 5, "minimal_output": True},
        "1 of 1 repositories found",
    ),
    ("get_file_contents", {**OF, "path": "README.md", "ref": "refs/heads/main", "fields": ["name"]}, "A file of 149 "),
    ("get_file_contents", {**OF, "path": "README.md", "sha": "main"}, "A file of 149 bytes"),
    (
        "list_commits",
        {**OF, "sha": "main", "path": "README.md", "since": "2020-01-01", "until": "2030-01-01T00:00:00Z"},
        '2 commits of octocat/hello-world at "main", narrowed by path, since, until:',
    ),
    ("list_commits", {**OF, "perPage": 2, "page": 2, "fields": ["sha"]}, "commits 3 to 4 of octocat/hello-world:"),
    ("search_code", {"query": "greet repo:octocat/hello-world", "perPage": 5, "fields": ["path"]}, "5 of 5 files"),
    ("get_commit", {**OF, "sha": "main", "detail": "none"}, "Commit 749bb528f0 of octocat/hello-world:"),
    ("get_commit", {**OF, "sha": "main", "detail": "stats", "perPage": 5}, 'modified "README.md" +4 -1'),
    ("get_commit", {**OF, "sha": "main", "detail": "full_patch"}, "+Greets people in their own language."),
    (
        "get_file_blame",
        {**OF, "path": "hello/greet.py", "ref": "main", "start_line": 1, "end_line": 2, "perPage": 5},
        "1-2: 89f51d7",
    ),
    ("list_branches", {**OF, "perPage": 1, "page": 2}, "branches 2 to 2 of octocat/hello-world:"),
    ("list_tags", {**OF, "perPage": 1, "page": 2}, "tags 2 to 2 of octocat/hello-world:"),
    ("get_tag", {**OF, "tag": "v2.3.0"}, "749bb528f017b786692cd2b00c75f56198dc499c"),
    ("list_releases", {**OF, "perPage": 1, "page": 2, "fields": ["name"]}, "releases 2 to 2 of octocat/hello-world:"),
    ("get_latest_release", OF, '"v2.3.0" published'),
    ("get_release_by_tag", {**OF, "tag": "v2.2.0"}, '"v2.2.0" published'),
    ("create_branch", {**OF, "branch": "topic", "from_branch": "main"}, '"topic" of octocat/hello-world was created'),
    (
        "create_or_update_file",
        {**FILE, "content": "x", "allow_symlink_write": False},
        '"new.txt" was created on "main"',
    ),
    (
        "push_files",
        {**OF, "branch": "main", "files": [{"path": "a.txt", "content": "a"}], "message": "Add it"},
        '1 files were written to "main"',
    ),
    (
        "get_repository_tree",
        {**OF, "tree_sha": "main", "path_filter": "hello/", "recursive": True},
        '3 entries of octocat/hello-world in "hello" at "main", recursive:',
    ),
    ("issue_read", {**ISSUE, "method": "get"}, "#1 open "),
    ("issue_read", {**ISSUE, "issue_number": 5, "method": "get_labels"}, 'labels "bug"'),
    ("issue_read", {**ISSUE, "issue_number": 2, "method": "get_comments", "perPage": 1, "page": 2}, "comments 2 to 2"),
    ("issue_read", {**ISSUE, "method": "get_sub_issues"}, "0 sub-issues of octocat/hello-world#1"),
    (
        "search_issues",
        {**OF, "query": "crash", "sort": "created", "order": "asc", "perPage": 1, "fields": ["title"]},
        "#2 closed",
    ),
    ("search_issues", {**OF, "query": "crash", "sort": "created", "order": "desc", "perPage": 1}, "#1 open"),
    (
        "list_issues",
        {**OF, "state": "OPEN", "orderBy": "CREATED_AT", "direction": "ASC", "perPage": 5, "fields": ["title"]},
        "(state open, asc by created)",
    ),
    ("list_issue_types", {"owner": "octo-org", "repo": "planning"}, "3 issue types of octo-org/planning:"),
    ("issue_write", {**OF, "method": "create", "title": "New", "body": "b", "labels": ["bug"]}, "#8 was created"),
    ("issue_write", {**ISSUE, "method": "update", "state": "CLOSED", "state_reason": "not_planned"}, "not_planned"),
    ("add_issue_comment", {**ISSUE, "body": "Seen."}, "was added to octocat/hello-world#1"),
    ("get_label", {**OF, "name": "BUG"}, "One label of octocat/hello-world:"),
    ("get_label", {**OF, "name": "none such"}, 'octocat/hello-world has no label "none such".'),
    ("search_users", {"query": "octo", "sort": "followers", "order": "asc", "perPage": 5}, "2 of 2 accounts found:"),
    ("pull_request_read", {**PULL, "method": "get"}, '#5 open "Find the settings folder without HOME"'),
    ("pull_request_read", {**PULL, "method": "get_diff"}, '+    return Path.home() / ".hello"'),
    ("pull_request_read", {**PULL, "method": "get_status"}, "3 checks of 3, check runs and statuses, on b6014f6"),
    ("pull_request_read", {**PULL, "method": "get_check_runs", "perPage": 1}, "checks 1 to 1 of 3"),
    ("pull_request_read", {**PULL, "method": "get_files", "perPage": 1, "page": 2}, "files 2 to 2 of"),
    ("pull_request_read", {**PULL, "method": "get_commits"}, "1 commits of octocat/hello-world#5, oldest first:"),
    ("pull_request_read", {**PULL, "method": "get_reviews"}, "changes requested by octocat"),
    ("pull_request_read", {**PULL, "method": "get_review_comments", "perPage": 1}, "review threads 1 to 1 of"),
    ("pull_request_read", {**PULL, "method": "get_comments"}, "Please add a test that runs without HOME."),
    (
        "list_pull_requests",
        {**OF, "state": "all", "sort": "popularity", "direction": "asc", "page": 1, "perPage": 5, "fields": ["title"]},
        "(state all, asc by comments)",
    ),
    ("search_pull_requests", {**OF, "query": "is:open", "sort": "created", "order": "asc", "perPage": 1}, "#5 open"),
    (
        "create_pull_request",
        {**OF, "title": "T", "head": "topic", "base": "main", "draft": True, "maintainer_can_modify": False},
        "octocat/hello-world#8 was opened",
    ),
    ("update_pull_request", {**PULL, "title": "T2", "maintainer_can_modify": True}, '#5 open "T2"'),
    ("pull_request_review_write", {**PULL, "method": "create", "event": "comment", "body": "b"}, "(commented)"),
    ("pull_request_review_write", {**PULL, "method": "create", "commitID": "{head}"}, "(pending)"),
    ("add_comment_to_pending_review", {**PENDING, "line": 8}, "1 comments were added to pending review"),
    ("add_comment_to_pending_review", {**PENDING, "line": 8, "startLine": 7, "startSide": "RIGHT"}, "1 comments were"),
    ("pull_request_review_write", {**PULL, "method": "submit_pending", "event": "COMMENT", "body": "b"}, "(commented)"),
    (
        "pull_request_review_write",
        {**PULL, "method": "resolve_thread", "threadId": "PRRT_UFJSVDoxMDM2"},
        "1 threads of octocat/hello-world#5 were resolved.",
    ),
    ("add_reply_to_pull_request_comment", {**PULL, "commentId": 1037, "body": "x"}, "was added to comment 1037"),
    ("actions_list", {**OF, "method": "list_workflows", "per_page": 1, "page": 2}, "workflows 2 to 2 of"),
    (
        "actions_list",
        {
            **OF,
            "method": "list_workflow_runs",
            "resource_id": "ci.yml",
            "workflow_runs_filter": {"branch": "main", "status": "completed", "event": "push", "actor": "octocat"},
        },
        "1 runs of octocat/hello-world, narrowed by resource_id, branch, event, status, actor:",
    ),
    (
        "actions_list",
        {**RUN, "method": "list_workflow_jobs", "workflow_jobs_filter": {"filter": "all"}},
        "2 jobs of all attempts of run 6100003",
    ),
    ("actions_list", {**RUN, "method": "list_workflow_run_artifacts"}, "0 artifacts of run 6100003"),
    ("actions_get", {**OF, "method": "get_workflow", "resource_id": "ci.yml"}, '510001 active "CI"'),
    ("actions_get", {**RUN, "method": "get_workflow_run"}, "run 6100003 failure"),
    ("actions_get", {**OF, "method": "get_workflow_job", "resource_id": "7100004"}, "step 5 failure"),
    ("actions_get", {**RUN, "method": "get_workflow_run_usage"}, "75 s billed"),
    ("actions_run_trigger", {**OF, "method": "rerun_failed_jobs", "run_id": 6100003}, "will run again"),
    ("get_job_logs", {**OF, "job_id": 7100004, "return_content": True, "tail_lines": 5}, "5 of 328 lines"),
    ("get_job_logs", {**OF, "run_id": 6100003, "failed_only": True}, "Logs of the failed job of run 6100003"),
]
REFUSED: Table = [
    ("get_teams", {"user": "octocat"}, "user: teams are those of an organization, or the token's own"),
    ("search_code", {"query": "greet", "sort": "indexed"}, "sort: GitHub orders these by best match alone"),
    ("search_commits", {"query": "greet repo:octocat/hello-world"}, "list_commits narrows by author, path, since"),
    ("create_or_update_file", {**FILE, "content": "x", "allow_symlink_write": True}, "symbolic links are not written"),
    ("create_repository", {"name": "new", "private": True}, "Repositories are made by people"),
    ("fork_repository", {**OF, "organization": "octo-org"}, "sets TOOLSETS=default and TOOLS=fork_repository"),
    ("delete_file", {**FILE}, "sets TOOLSETS=default and TOOLS=delete_file"),
    ("merge_pull_request", {**PULL, "merge_method": "squash"}, "sets TOOLSETS=default and TOOLS=merge_pull_request"),
    ("list_repository_collaborators", {**OF, "affiliation": "all"}, "get_team_members of the toolset teams"),
    (
        "search_issues",
        {"owner": "octocat", "query": "crash"},
        "owner: give owner and repo, or repository as owner/name",
    ),
    ("list_issues", {**OF, "after": "Y3Vyc29yOjE="}, "copy next_cursor of the last reply"),
    (
        "list_issues",
        {**OF, "field_filters": [{"field_name": "P", "value": "1"}]},
        "values of custom fields are not read",
    ),
    ("list_issue_types", {"owner": "octo-org"}, "repository: Field required (owner/name); owner: give owner and repo"),
    ("list_issue_fields", {**OF}, "projects_list of the toolset projects"),
    ("issue_write", {**ISSUE, "method": "update", "state": "closed", "duplicate_of": 2}, 'comment "Duplicate of #7"'),
    ("issue_write", {**ISSUE, "method": "update", "issue_fields": [{"field_name": "P"}]}, "projects_write sets those"),
    ("add_issue_comment", {**ISSUE, "reaction": "+1"}, "reaction: add_reaction of the toolset issue_depth adds it"),
    ("sub_issue_write", {**ISSUE, "method": "add", "sub_issue_id": 2}, "give its number as sub_issue"),
    (
        "sub_issue_write",
        {**ISSUE, "method": "reprioritize", "sub_issue": 2, "after_id": 3},
        "give the neighbour's number as after",
    ),
    ("list_pull_requests", {**OF, "state": "all", "page": 2}, "give the next_cursor of each reply as cursor"),
    (
        "pull_request_review_write",
        {**PULL, "method": "submit_pending", "event": "COMMENT", "commitID": "0" * 40},
        "commit_id goes with method=create; nothing was sent",
    ),
    ("list_pull_requests", {**OF, "sort": "long-running"}, "sort: Input should be 'created', 'updated' or 'comments'"),
    ("update_pull_request_branch", {**PULL, "expectedHeadSha": "0" * 40}, "The head of octocat/hello-world#5 is"),
    (
        "create_pull_request",
        {**OF, "title": "T", "head": "topic", "base": "main", "reviewers": ["octocat"]},
        "update_pull_request asks reviewers once it is open",
    ),
    ("add_comment_to_pending_review", {**PENDING, "subjectType": "FILE"}, "comments.0.line: Field required"),
    (
        "add_reply_to_pull_request_comment",
        {**PULL, "commentId": 1037, "reaction": "+1"},
        "reaction: add_reaction of the toolset issue_depth adds it",
    ),
    ("request_copilot_review", PULL, "update_pull_request asks people for a review"),
    ("assign_copilot_to_issue", ISSUE, "issue_write assigns people"),
    ("actions_get", {**RUN, "method": "download_workflow_run_artifact"}, "list_workflow_run_artifacts of actions_list"),
    ("actions_get", {**RUN, "method": "get_workflow_run_logs_url"}, "get_job_logs with run_id reads the logs"),
    ("actions_run_trigger", {**OF, "method": "delete_workflow_run_logs", "run_id": 1}, "logs are not deleted here"),
]


@pytest.mark.parametrize(("tool", "arguments", "says"), ANSWERED)
async def test_it_is_answered(ask: Ask, github: GitHub, tool: str, arguments: dict[str, Any], says: str) -> None:
    """The reply is what was asked for."""
    if tool == "create_pull_request":
        await ask("create_branch", **OF, branch="topic", from_branch="main")
        await ask("create_or_update_file", **{**FILE, "branch": "topic"}, content="x")
    if tool == "add_comment_to_pending_review" or arguments.get("method") == "submit_pending":
        await ask("pull_request_review_write", **PULL, method="create")
    pull = github.hello.issues[5].pull
    assert pull is not None
    given = {name: pull.head_sha if value == "{head}" else value for name, value in arguments.items()}
    answer = await ask(tool, **given)
    assert (says in answer.text, answer.is_error) == (True, False), answer.text


@pytest.mark.parametrize(("tool", "arguments", "says"), REFUSED)
async def test_it_is_refused_with_what_to_do_instead(ask: Ask, tool: str, arguments: dict[str, Any], says: str) -> None:
    """Nothing is guessed: an id is no number, and what cannot be done says where it can."""
    answer = await ask(tool, **arguments)
    assert (says in answer.text, answer.is_error) == (True, True), answer.text


def test_no_tool_is_left_out() -> None:
    """Each of its tools is called."""
    assert {tool for tool, _, _ in [*ANSWERED, *REFUSED]} == set(TOOLS.split())


async def test_dangerous_tools_take_its_arguments_where_they_are_switched_on(open_tools: OpenTools) -> None:
    """A deletion needs no more than its own; what ours ask for beside is named with what it is."""
    client = await open_tools(GITHUB_TOOLS="delete_file,merge_pull_request,fork_repository")
    says: dict[str, tuple[dict[str, Any], str]] = {
        "delete_file": ({**FILE, "path": "README.md"}, '"README.md" was deleted on "main"'),
        "merge_pull_request": (PULL, "head_sha: Field required (Its head as you read it)"),
        "fork_repository": ({**OF, "organization": "octo-org"}, "give the fork's whole name as fork"),
    }
    for tool, (arguments, words) in says.items():
        assert words in said(await client.call_tool_mcp(tool, arguments)).text


async def test_a_page_by_its_number_goes_on_by_the_cursor(ask: Ask) -> None:
    """The page's reply leads to the next one, and a number beside a cursor is refused."""
    second = await ask("list_commits", **OF, perPage=1, page=2)
    cursor = second.text.rpartition("next_cursor: ")[2].strip()
    third = await ask("list_commits", **OF, perPage=1, after=cursor)
    assert third.text.startswith("commits 3 to 3 of octocat/hello-world:")
    assert "Give next_cursor as cursor, alone." in (await ask("list_commits", **OF, page=2, cursor=cursor)).text
    assert "page: a number from 1 is asked for" in (await ask("list_commits", **OF, page=0)).text
