"""What a call by the official server's arguments is told fits the tool and the list that it asks for."""

from typing import Any

import pytest
from vendor.github_mcp.conftest import Ask

OF = {"owner": "octocat", "repo": "hello-world"}
PULL = {**OF, "pullNumber": 5}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_security_alerts", {**OF, "kind": "dependabot"}),
        ("list_security_advisories", {}),
        ("list_security_advisories", OF),
        ("projects_list", {"method": "list_projects", "owner": "octo-org"}),
        ("projects_list", {"method": "list_project_items", "owner": "octo-org", "project": 1}),
    ],
)
async def test_a_page_by_its_number_is_refused_where_github_numbers_none(
    ask: Ask, tool: str, arguments: dict[str, Any]
) -> None:
    """GitHub passes over the number there: its first page would be told as the second."""
    answer = await ask(tool, **arguments, page=2)
    assert ("give the next_cursor of each reply as cursor" in answer.text, answer.is_error) == (True, True)


async def test_a_page_behind_the_end_is_no_empty_list(ask: Ask) -> None:
    """A reply says that there are no more, where those before it were passed over."""
    assert (await ask("list_commits", **OF, page=50)).text == "0 more commits of octocat/hello-world."
    comments = await ask("pull_request_read", **PULL, method="get_comments", page=9)
    assert comments.text == "0 more comments of octocat/hello-world#5."


async def test_a_list_without_members_narrows_nothing(ask: Ask) -> None:
    """An empty list of labels is not said to narrow the issues."""
    assert "narrowed" not in (await ask("list_issues", **OF, labels=[])).text


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_releases", {**OF, "sort": "created", "order": "desc"}),
        ("list_gists", {"user": "octocat"}),
        ("search_repositories", {"query": "x", "organization": "octo-org"}),
        ("search_users", {"query": "x", "owner": "octocat"}),
        ("pull_request_read", {**PULL, "comment_id": 3}),
    ],
)
async def test_a_hint_is_told_by_the_tool_that_it_is_of_alone(ask: Ask, tool: str, arguments: dict[str, Any]) -> None:
    """What to do instead of one tool's argument would mislead in another, which names what it takes."""
    answer = await ask(tool, **arguments)
    assert ("there is no such argument, only" in answer.text, answer.is_error) == (True, True)
    assert not any(hint in answer.text for hint in ("best match", "teams", "fork", "owner/name", "add_reaction"))
