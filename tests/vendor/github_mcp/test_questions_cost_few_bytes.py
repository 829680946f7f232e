"""No question costs an agent more bytes than the strongest peer's answer, or GitHub's own to the same question.

The peer is github-mcp-server: its replies are made here of GitHub's own (see peer_shapes), narrowed by its argument
`fields` where it has one. It knows neither comments since a date nor lines of a file.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from stand_ins.github.records import Pull
from vendor.github_mcp import peer_shapes as shape
from vendor.github_mcp.conftest import HELLO, TOKEN, Ask, GitHub

PATH = "hello/greet.py"
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
REPOSITORY = f"/repos/{HELLO}"
OF_PULL = {"repository": HELLO, "pull_request": 5}
QUESTIONS: dict[str, tuple[str, dict[str, Any], str, shape.Shape]] = {
    "issues": ("list_issues", {"state": "all"}, "/issues?state=all", shape.every(shape.listed_issue)),
    "titles": (
        "list_issues", {"state": "all", "detail": "brief"}, "/issues?state=all", shape.only("number", "title", "state"),
    ),
    "whole issues": ("list_issues", {"detail": "full"}, "/issues", shape.every(shape.listed_issue)),
    "an issue": ("issue_read", {"issue": 2}, "/issues/2", shape.issue),
    "comments": (
        "issue_read", {"issue": 2, "method": "get_comments", "detail": "full"}, "/issues/2/comments",
        shape.every(shape.comment),
    ),
    "pull requests": ("list_pull_requests", {}, "/pulls", shape.every(shape.pull)),
    "titles of pull requests": (
        "list_pull_requests", {"detail": "brief"}, "/pulls", shape.only("number", "title", "state"),
    ),
    "a pull request": ("pull_request_read", OF_PULL, "/pulls/5", shape.pull),
    "diffs": ("pull_request_read", {**OF_PULL, "method": "get_diff"}, "/pulls/5/files", shape.every(shape.file)),
    "labels": ("list_labels", {}, "/labels?per_page=100", shape.labels),
    "commits": ("list_commits", {}, "/commits", shape.every(shape.commit)),
    "a commit": ("get_commit", {"ref": "v2.1.0"}, "/commits/v2.1.0", shape.commit),
    "a commit with diffs": ("get_commit", {"ref": "v2.1.0", "detail": "full"}, "/commits/v2.1.0", shape.commit),
    "branches": ("list_branches", {}, "/branches", shape.every(shape.pointer)),
    "a tree": ("get_repository_tree", {"recursive": True}, "/git/trees/main?recursive=1", shape.tree),
    "two releases": (
        "compare_refs", {"base": "v2.1.0", "head": "v2.3.0"}, "/compare/v2.1.0...v2.3.0",
        lambda raw: [shape.every(shape.commit)(raw["commits"]), shape.every(shape.file)(raw["files"])],
    ),
    "a folder": ("get_file_contents", {"path": "hello"}, "/contents/hello", shape.only("type", "name", "size")),
    "a file": ("get_file_contents", {"path": PATH}, f"/contents/{PATH}", shape.read(PATH)),
}  # fmt: skip


@pytest.fixture
def busy(github: GitHub) -> GitHub:
    """The stand-in with a page of each kind, since the head and the fence of a reply cost a few rows."""
    world, hello = github.app.stand_in.world, github.hello
    for number in range(15):
        title, user = f"Say hello in language {number}", world.user("lin-example")
        issue = world.add_issue(hello, title=title, body=f"It is missing number {number}.", user=user)
        if number % 2:
            issue.pull = Pull(f"branch-{number}", "1" * 40, "main", "2" * 40, files=[])
        hello.files[f"hello/language_{number}.py"] = b"x" * number
    return github


async def _raw(github: GitHub, path: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {TOKEN}", "accept": "application/vnd.github+json"}
    async with httpx.AsyncClient(verify=False, base_url=github.url, headers=headers) as http:
        return await http.get(f"{REPOSITORY}{path}")


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_costs_more_than_with_the_peer(ask: Ask, busy: GitHub, question: str) -> None:
    """What an agent can ask of both costs no more bytes here, fences and heads included."""
    tool, arguments, path, peer = QUESTIONS[question]
    raw = await _raw(busy, path)
    answer = await ask(tool, **{"repository": HELLO, **arguments})
    assert not answer.is_error
    ours, theirs = len(answer.text.encode()), len(shape.text(peer(raw.json())).encode())
    print(f"{question}: ours {ours}, peer {theirs}, raw {len(raw.content)}")
    assert ours <= theirs
    assert ours <= len(raw.content)


async def test_comments_since_a_date_cost_what_they_are(ask: Ask, github: GitHub) -> None:
    """GitHub is asked for the comments since a date; the reply holds these alone, in fewer bytes than GitHub's own."""
    issue, world = github.hello.issues[1], github.app.stand_in.world
    for day in range(40):
        at = SINCE + timedelta(days=day - 35)
        world.add_comment(issue, body=f"Day {day}: " + "it fails. " * 20, user=world.user("lin-example"), at=at)
    asked = {"repository": HELLO, "issue": 1, "method": "get_comments"}
    answer = await ask("issue_read", **asked, since="2026-11-20T02:00:00+02:00")
    raw = await _raw(github, "/issues/1/comments?since=2026-11-20T00:00:00Z")
    assert answer.text.startswith(f"5 comments of {HELLO}#1 since 2026-11-20T00:00:00Z:")
    print(f"comments since: ours {len(answer.text.encode())}, raw {len(raw.content)}")
    assert len(answer.text.encode()) <= len(raw.content) / 3


async def test_lines_of_a_file_cost_what_they_are(ask: Ask, github: GitHub) -> None:
    """Some lines of a file come alone, and the head says which of how many they are."""
    github.hello.files["long.txt"] = "".join(f"line {number}\r\n" for number in range(1, 2_001)).encode()
    some = {"start_line": 1_000, "end_line": 1_009}
    answer = await ask("get_file_contents", repository=HELLO, path="long.txt", **some)
    assert answer.text.startswith("Lines 1000 to 1009 of 2000 of a file of ")
    shown = [line for line in answer.text.splitlines() if line.startswith("line ")]
    assert shown == [f"line {number}" for number in range(1_000, 1_010)]
    assert len(answer.text.encode()) < 400
    rest = await ask("get_file_contents", repository=HELLO, path="long.txt", start_line=1_999)
    assert "Lines 1999 to 2000 of 2000" in rest.text
    beyond = await ask("get_file_contents", repository=HELLO, path="long.txt", start_line=2_001)
    assert (beyond.is_error, "2000 lines" in beyond.text) == (True, True)
    wrong = await ask("get_file_contents", repository=HELLO, path="long.txt", start_line=9, end_line=8)
    assert (wrong.is_error, "before start_line" in wrong.text) == (True, True)


async def test_detail_works_where_it_is_offered(ask: Ask, github: GitHub) -> None:
    """Titles, beginnings or whole texts: each tool with `detail` gives what is asked for."""
    issue, world = github.hello.issues[1], github.app.stand_in.world
    issue.body = "b" * 2_000
    world.add_comment(issue, body="c" * 2_000, user=world.user("lin-example"))
    one = {"repository": HELLO, "issue": 1}
    for method, letter, short in (("get", "b", False), ("get_comments", "c", True)):
        texts = {
            detail: (await ask("issue_read", **one, method=method, **({"detail": detail} if detail else {}))).text
            for detail in (None, "compact", "full")
        }
        assert letter * 2_000 in texts["full"]
        assert "(2000 characters; detail=full shows all)" in texts["compact"]
        assert ("detail=full" in texts[None]) == short
    for tool, arguments in (("list_issues", {}), ("search_issues", {"query": "HOME"}), ("list_pull_requests", {})):
        brief, compact, full = [
            (await ask(tool, repository=HELLO, detail=detail, **arguments)).text
            for detail in ("brief", "compact", "full")
        ]
        assert len(brief) < len(compact) < len(full)
        assert " by " not in brief.partition("\n")[2]
    refused = await ask("issue_read", **one, since="2026-01-31")
    assert (refused.is_error, "get_comments" in refused.text) == (True, True)
