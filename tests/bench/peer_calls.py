"""The calls with which the servers that run beside ours answer the questions of every day.

Each has `owner` and `repo` besides. A question that is not here cannot be answered: what is missing is said.
"""

from collections.abc import Mapping
from typing import Any

from vendor.github_mcp.everyday import Calls
from vendor.github_mcp.everyday_world import HELLO, LONG_FILE, PERSON

OF_5: dict[str, Any] = {"pullNumber": 5}
RUNS: Calls = (("list_workflows", {}), ("list_workflow_runs", {"workflow_id": "ci.yml", "event": "pull_request"}))
LOGS = {"run_id": 6100003, "failed_only": True, "return_content": True, "tail_lines": 100}


def github_mcp_server(own: list[int]) -> Mapping[str, Calls | str]:
    """Return those of github-mcp-server 0.12.1; `own` are the person's pull requests."""
    return {
        "ci": (*RUNS, ("get_job_logs", LOGS)),
        "standing": (("get_pull_request_reviews", OF_5), ("get_pull_request_status", OF_5), *RUNS),
        "blame": "no tool",
        "releases": (("list_tags", {}), ("list_commits", {"sha": "v2.3.0"})),
        "comments": (("get_issue_comments", {"issue_number": 1, "perPage": 100}),),
        "person": (
            ("search_pull_requests", {"query": f"is:open author:{PERSON}"}),
            *(("get_pull_request", {"pullNumber": number}) for number in own),
        ),
        "files": (("get_pull_request_files", {"pullNumber": 6, "perPage": 100}),),
        "diff": (("get_pull_request_diff", OF_5),),
        "threads": "does not tell what is resolved",
        "history": "commits of a file: no argument",
        "branches": (("list_branches", {"perPage": 100}),),
        "search": (("search_issues", {"query": "HOME is:open"}),),
        "labels": "no tool",
        "lines": (("get_file_contents", {"path": LONG_FILE}),),
        "latest": (("get_latest_release", {}),),
    }


SERVER_GITHUB: Mapping[str, Calls | str] = {
    "ci": "no tool",
    "standing": "does not tell check runs",
    "blame": "no tool",
    "releases": (
        ("list_commits", {"sha": "v2.3.0"}),
        ("list_commits", {"sha": "v2.1.0", "perPage": 1}),
    ),
    "comments": "no tool",
    "person": "does not tell how large one is",
    "files": "lists 30 of 42 files, and has no next page",
    "diff": (("get_pull_request_files", {"pull_number": 5}),),
    "threads": "does not tell what is resolved",
    "history": "commits of a file: no argument",
    "branches": "no tool",
    "search": (("search_issues", {"q": f"HOME is:open is:issue repo:{HELLO}"}),),
    "labels": "no tool",
    "lines": (("get_file_contents", {"path": LONG_FILE}),),
    "latest": "no tool",
}
"""Those of @modelcontextprotocol/server-github 2025.4.8."""
