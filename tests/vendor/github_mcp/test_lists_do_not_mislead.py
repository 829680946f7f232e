"""A list holds what was asked for, numbers it as a whole, and says where GitHub's own list ends."""

import re
from dataclasses import replace
from typing import Any

import pytest
from stand_ins.github.history import ChangedFile
from stand_ins.github.records import Pull
from vendor.github_mcp.conftest import HELLO, Ask, GitHub


def _open_pulls(github: GitHub, count: int) -> None:
    """Open pull requests, newer than all issues that are there."""
    world, hello = github.app.stand_in.world, github.hello
    for number in range(count):
        issue = world.add_issue(hello, title=f"Pull {number}", body="text", user=world.user("lin-example"))
        issue.pull = Pull(head_ref=f"branch-{number}", head_sha="1" * 40, base_ref="main", base_sha="2" * 40, files=[])


def _requests(github: GitHub) -> int:
    return len(github.app.controls.log.entries)


async def test_issues_behind_pull_requests_are_found_at_once(ask: Ask, github: GitHub) -> None:
    """Issues that stand behind 130 pull requests are in the first reply."""
    _open_pulls(github, 130)
    answer = await ask("list_issues", repository=HELLO)
    assert answer.text.startswith(f"3 issues of {HELLO} (")
    assert re.findall(r"(?m)^#(\d+) ", answer.text) == ["1", "4", "3"]
    assert _requests(github) <= 8


async def test_a_page_of_pull_requests_alone_is_told(ask: Ask, github: GitHub) -> None:
    """Where so many pull requests come first that the search for issues stops, the reply says so and goes on."""
    _open_pulls(github, 230)
    first = await ask("list_issues", repository=HELLO)
    assert "0 issues of" in first.text
    assert "GitHub's list held 200 pull requests up to here; next_cursor goes on" in first.text
    cursor = re.findall(r"next_cursor: (\S+)", first.text)[0]
    second = await ask("list_issues", repository=HELLO, cursor=cursor)
    assert re.findall(r"(?m)^#(\d+) ", second.text) == ["1", "4", "3"]
    assert "next_cursor" not in second.text


@pytest.mark.parametrize("author", [None, "lin-example"])
async def test_pull_requests_of_a_forks_branch_are_counted(ask: Ask, github: GitHub, author: str | None) -> None:
    """With head=OWNER:branch a reply counts that owner's alone, whatever else GitHub finds of a branch of this name."""
    _open_pulls(github, 12)
    for number, issue in enumerate(list(github.hello.issues.values())[-12:]):
        assert issue.pull is not None
        issue.pull.head_ref, issue.pull.fork_owner = "patch", "lin-example" if number < 3 else None
    asked = {"repository": HELLO, "head": "lin-example:patch", "author": author, "limit": 2}
    first = await ask("list_pull_requests", **asked)
    cursor = re.findall(r"next_cursor: (\S+)", first.text)[0]
    second = await ask("list_pull_requests", **asked, cursor=cursor)
    whose = 'by "lin-example" in ' if author else "of "
    assert first.text.startswith(f"pull requests 1 to 2 {whose}{HELLO}"), first.text
    assert second.text.startswith(f"pull requests 3 to 3 {whose}{HELLO}"), second.text
    assert len(re.findall(r"(?m)^#\d+ ", first.text + second.text)) == 3


async def test_issues_among_pull_requests_come_once_each(ask: Ask, github: GitHub) -> None:
    """Whatever the limit, and wherever replies are cut, the cursors lead through all issues once."""
    world = github.app.stand_in.world
    for number in range(25):
        _open_pulls(github, number % 7)
        world.add_issue(github.hello, title=f"Number {number}", body="x" * 300, user=world.user("lin-example"))
    for limit in (1, 7, 20, 30):
        seen: list[str] = []
        cursor: dict[str, str] = {}
        for _ in range(40):
            answer = await ask("list_issues", repository=HELLO, limit=limit, detail="full", **cursor)
            rows = re.findall(r"(?m)^#(\d+) ", answer.text)
            assert len(rows) <= limit
            found, last = re.search(r"next_cursor: (\S+)", answer.text), len(seen) + len(rows)
            counted = f"issues {len(seen) + 1} to " if seen or found else f"{len(rows)} issues of"
            assert answer.text.startswith(counted)
            assert "Cut to fit" in answer.text or not (seen or found) or f" to {last} of" in answer.text
            seen += rows
            if found is None:
                break
            cursor = {"cursor": found[1]}
        assert len(seen) == len(set(seen)) == 28


async def test_numbers_go_on_over_pages(ask: Ask, github: GitHub) -> None:
    """The second page of comments goes on counting, and its head says which comments it holds."""
    world = github.app.stand_in.world
    for number in range(5):
        world.add_comment(github.hello.issues[1], body=f"Number {number}.", user=world.user("lin-example"))
    asked = {"repository": HELLO, "issue": 1, "method": "get_comments", "limit": 3}
    first = await ask("issue_read", **asked)
    cursor = re.findall(r"next_cursor: (\S+)", first.text)[0]
    second = await ask("issue_read", **asked, cursor=cursor)
    assert first.text.startswith(f"comments 1 to 3 of {HELLO}#1:")
    assert second.text.startswith(f"comments 4 to 5 of {HELLO}#1:")
    assert len(set(re.findall(r"'comment (\d+) of ", first.text + second.text))) == 5


async def test_an_end_of_githubs_own_is_told(ask: Ask, github: GitHub) -> None:
    """Of a folder, a pull request's files and a search GitHub lists so many and no more: the reply says so."""
    hello, world = github.hello, github.app.stand_in.world
    hello.files.update({f"many/{number:04}.md": b"" for number in range(1_001)})
    hello.files.update({f"few/{number}.md": b"" for number in range(3)})
    pull = hello.issues[5].pull
    assert pull is not None
    pull.files = [ChangedFile(f"{number}.md", "added", "@@ -0,0 +1 @@\n+x") for number in range(3_001)]
    for _ in range(1_001):
        world.add_issue(hello, title="walrus", body="", user=world.user("lin-example"))
    folder, whole = [await ask("get_file_contents", repository=HELLO, path=path) for path in ("many", "few")]
    assert "GitHub lists 1,000 here at the most" in folder.text
    assert "at the most" not in whole.text
    missing = {"method": "get_diff", "path": "3000.md"}
    file = await ask("pull_request_read", repository=HELLO, pull_request=5, **missing)
    assert file.is_error
    assert "3,000" in file.text
    found = await ask("search_issues", repository=HELLO, query="walrus")
    assert "20 of 1001 issues found" in found.text
    assert "GitHub lists the first 1,000 alone" in found.text


async def test_the_end_of_narrowed_runs_is_told(ask: Ask, github: GitHub) -> None:
    """GitHub lists 1,000 runs of a branch and no more: the last page says so."""
    runs = github.hello.actions.runs
    some = next(iter(runs.values()))
    asked: dict[str, Any] = {"repository": HELLO, "method": "list_workflow_runs", "limit": 100}
    assert "at the most" not in (await ask("actions_list", **asked, branch=some.branch)).text
    runs.update({number: replace(some, id=number) for number in range(10**6, 10**6 + 1_001)})
    count, cursor = 0, dict[str, str]()
    while True:
        answer = await ask("actions_list", **asked, branch=some.branch, **cursor)
        count += len(re.findall(r"(?m)^run \d+ ", answer.text))
        found = re.search(r"next_cursor: (\S+)", answer.text)
        if found is None:
            break
        cursor = {"cursor": found[1]}
    assert count == 1_000
    assert "GitHub lists 1,000 here at the most" in answer.text


@pytest.mark.parametrize(
    ("tool", "filters"),
    [
        ("list_issues", {"labels": ["none"], "since": "2026-01-01"}),
        ("list_commits", {"author": "nobody", "path": "README.md"}),
        ("actions_list", {"method": "list_workflow_runs", "branch": "none"}),
        ("list_pull_requests", {"base": "none"}),
    ],
)
async def test_an_empty_list_says_by_what_it_was_narrowed(ask: Ask, tool: str, filters: dict[str, Any]) -> None:
    """`0 runs` of a branch is no repository without runs."""
    head = (await ask(tool, repository=HELLO, **filters)).text.splitlines()[0]
    assert head.startswith("0 ")
    for name in filters.keys() - {"method"}:
        assert re.search(rf"narrowed by .*\b{name}\b", head), head
