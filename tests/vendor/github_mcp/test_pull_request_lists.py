"""Lists of pull requests: size, checks and review of each, filters, cursors, and repositories that are not there."""

from typing import Any

import pytest
from vendor.github_mcp.conftest import HELLO, Ask


async def test_a_list_has_size_checks_and_review(ask: Ask) -> None:
    """Each row says how large the pull request is, whether its checks pass, and what reviewers decided."""
    text = (await ask("list_pull_requests", repository=HELLO)).text
    (row,) = [line for line in text.splitlines() if line.startswith("#5 ")]
    assert "1 commits, 3 files +7 -2, checks fail, changes requested, reviewers sam-example" in row


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"author": "kim-example"}, {6}),
        ({"author": "kim-example", "state": "all"}, {6, 7}),
        ({"author": "kim-example", "state": "merged"}, {7}),
        ({"author": "mona-example", "head": "octocat:settings-without-home"}, {5}),
        ({"state": "closed"}, {7}),
        ({"state": "merged", "base": "main"}, {7}),
        ({"head": "file-per-language"}, {6}),
        ({"base": "nothing"}, set()),
    ],
)
async def test_filters_narrow_the_list(ask: Ask, asked: dict[str, Any], numbers: set[int]) -> None:
    """By author, state and branches, alone and together."""
    answer = await ask("list_pull_requests", repository=HELLO, detail="brief", **asked)
    assert not answer.is_error, answer.text
    assert {int(line[1:].split()[0]) for line in answer.text.splitlines() if line.startswith("#")} == numbers


async def test_a_list_goes_on_by_its_cursor(ask: Ask) -> None:
    """Pages of GraphQL's lists lead to the end, with and without an author."""
    for asked in ({}, {"author": "kim-example"}):  # type: dict[str, Any]
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await ask(
                "list_pull_requests", repository=HELLO, state="all", detail="brief", limit=1, **asked, **cursor
            )
            found += [line for line in answer.text.splitlines() if line.startswith("#")]
            if "next_cursor: " not in answer.text:
                break
            cursor = {"cursor": answer.text.rpartition("next_cursor: ")[2].strip()}
        assert len(found) == (2 if asked else 3)


async def test_an_unknown_repository_is_no_empty_list(ask: Ask) -> None:
    """GitHub's search finds nothing in a repository that is not there; a list by author says that it is not."""
    answer = await ask("list_pull_requests", repository="nope/nothing", author="kim-example")
    assert (answer.is_error, "nope/nothing" in answer.text) == (True, True)
