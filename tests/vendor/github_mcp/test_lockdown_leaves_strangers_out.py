"""In lockdown nothing that an author without push access wrote in a public repository reaches a reply."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from agent_vendors.github import REPOSITORIES
from core.mcp_kit.speaking import answer_of, raw
from fixtures.serving import serving
from github_mcp.client.github import GitHub as Client
from github_mcp.client.visibility import KEPT_SECONDS, Visibility
from github_mcp.models.threads import Issue
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import build_app
from mcp_kit.call import Call
from mcp_kit.lockdown import LeftOut, under_lockdown
from mcp_kit.tool import ToolSpec
from service_kit.settings import load
from stand_ins.github.actions_records import Artifact
from stand_ins.github.discussions import Category, Discussion, DiscussionComment
from stand_ins.github.records import Comment
from stand_ins.github.reviews import Review, ReviewComment, ReviewThread
from vendor.github_mcp.conftest import HELLO, TOKEN, GitHub, OpenTools, said

STRIPES = "ZEBRA stripes"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
LOCKED = {"GITHUB_LOCKDOWN_MODE": "true", "GITHUB_TOOLSETS": "all"}
ARGUMENTS: Mapping[str, Any] = {
    "repository": HELLO,
    "issue": 1,
    "pull_request": 6,
    "discussion": 12,
    "owner": "octo-org",
    "project": 1,
    "query": "stripes",
    "text": STRIPES,
    "detail": "full",
    "state": "all",
    "limit": 20,
}
SHOW_STRANGERS = {
    *(("list_issues", ""), ("search_issues", ""), ("issue_read", "get"), ("issue_read", "get_comments")),
    *(("list_pull_requests", ""), ("pull_request_read", "get"), ("pull_request_read", "get_files")),
    ("projects_list", "list_project_items"),
    *((name, "") for name in ("list_discussions", "get_discussion", "get_discussion_comments")),
    *(("pull_request_read", name) for name in ("get_diff", "get_commits", "get_reviews", "get_review_comments")),
    ("pull_request_read", "get_comments"),
}
"""Calls that show what strangers wrote where nobody locks it: at least these, so that the test looks at something."""


@pytest.fixture
def strangers_words(github: GitHub) -> GitHub:
    """The stand-in, where a stranger wrote wherever a stranger may."""
    world, hello = github.app.stand_in.world, github.hello
    stranger = world.user("stranger-example")
    for number in (1, 6):
        issue = hello.issues[number]
        issue.user, issue.title, issue.body = stranger, STRIPES, STRIPES
        issue.comments.append(Comment(world.next_id(), STRIPES, stranger, NOW, NOW))
    category = Category(world.next_id(), "Ideas")
    comment = DiscussionComment(world.next_id(), STRIPES, stranger, NOW)
    reply = DiscussionComment(world.next_id(), STRIPES, stranger, NOW)
    asked = Discussion(world.next_id(), 12, STRIPES, STRIPES, stranger, category, NOW, NOW, comments=[comment])
    hello.discussion_categories, hello.discussions[12] = [category], asked
    asked.answer, comment.replies = comment, [reply]
    pull = hello.issues[6].pull
    assert pull is not None
    pull.head_ref = "ZEBRA"
    for file in pull.files:
        file.patch = f"@@ -1 +1 @@\n-a\n+{STRIPES}"
        file.filename = f"ZEBRA/{file.filename}"
    for commit in hello.history.between(pull.base_sha, pull.head_sha):
        hello.history.commits[commit.sha] = replace(commit, message=STRIPES)
    pull.reviews.append(Review(world.next_id(), stranger, "COMMENTED", STRIPES, pull.head_sha, NOW))
    remark = ReviewComment(world.next_id(), pull.reviews[-1].id, stranger, STRIPES, NOW, NOW)
    pull.threads.append(ReviewThread(world.next_id(), "README.md", 1, comments=[remark]))
    return github


def _calls(spec: ToolSpec) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give calls of a tool with each of its methods: with what `ARGUMENTS` has of its arguments, and all it demands."""
    properties = spec.schema()["properties"]
    given = {name: value for name, value in ARGUMENTS.items() if name in properties}
    if {"issue", "text"} <= set(given):
        given.pop("issue")
    for name in spec.schema().get("required", ()):
        given.setdefault(name, 1 if properties[name].get("type") in ("integer", "number") else "README.md")
    for method in properties.get("method", {}).get("enum", [""]):
        yield method, {**given, **({"method": method} if method else {})}


async def _text(client: Any, tool: str, arguments: dict[str, Any]) -> str:
    return said(await client.call_tool_mcp(tool, arguments)).text


async def _shown(open_tools: OpenTools, **environ: str) -> dict[tuple[str, str], str]:
    """Return what each reading call shows, by tool and method."""
    client = await open_tools(GITHUB_TOOLSETS="all", **environ)
    tools = [spec for spec in build_server(load(GitHubSettings, {})).tools if not spec.writes]
    return {
        (spec.name, method): await _text(client, spec.name, asked) for spec in tools for method, asked in _calls(spec)
    }


@pytest.mark.slow
async def test_no_tool_shows_a_strangers_words(strangers_words: GitHub, open_tools: OpenTools) -> None:
    """Every tool that reads is called with every method: in lockdown none shows a word of the stranger's."""
    open_ = await _shown(open_tools)
    assert {call for call, text in open_.items() if "ZEBRA" in text} >= SHOW_STRANGERS
    locked = await _shown(open_tools, GITHUB_LOCKDOWN_MODE="true")
    assert [call for call, text in locked.items() if "ZEBRA" in text] == []
    for tool in ("list_issues", "search_issues", "issue_read", "list_pull_requests", "pull_request_read"):
        assert any("ockdown" in text for (name, _), text in locked.items() if name == tool), tool


async def test_rows_and_counts_stay(strangers_words: GitHub, open_tools: OpenTools) -> None:
    """A row without its text says who wrote it and why it is left out; texts of those who may push are shown."""
    locked = await open_tools(**LOCKED)
    text = await _text(locked, "list_issues", {"repository": HELLO, "state": "all"})
    assert text.startswith("Lockdown: texts of authors without push access are left out")
    assert '#1 open "(left out by lockdown)" by stranger-example (NONE)' in text
    whole = await _text(await open_tools(), "list_issues", {"repository": HELLO, "state": "all"})
    assert text.count("\n#") == whole.count("\n#")
    comments = await _text(locked, "issue_read", {"repository": HELLO, "issue": 3, "method": "get_comments"})
    assert "mona-example (COLLABORATOR)" in comments
    assert "ockdown" not in comments


async def test_release_notes_have_no_titles(github: GitHub, open_tools: OpenTools) -> None:
    """GitHub's notes do not tell who may push: all titles are left out, authors and addresses stay."""
    for issue in github.hello.issues.values():
        issue.title = f"{STRIPES} by @mona-example in https://github.test/pull/1"
    asked = {"repository": HELLO, "tag": "v2.3.0", "previous_tag": "v2.2.0"}
    assert "ZEBRA" in await _text(await open_tools(), "generate_release_notes", asked)
    locked = await _text(await open_tools(**LOCKED), "generate_release_notes", asked)
    assert "ZEBRA" not in locked
    assert "* (left out by lockdown) by @kim-example in " in locked
    assert locked.startswith("Lockdown: ")


@pytest.mark.parametrize(
    ("fork", "event", "shown"),
    [
        (None, "push", True),
        (None, "pull_request", True),
        ("stranger-example/hello-world", "pull_request", False),
        (None, "issue_comment", False),
        (None, "something_new", False),
    ],
)
async def test_runs_of_strangers_are_left_out(
    github: GitHub, open_tools: OpenTools, fork: str | None, event: str, shown: bool
) -> None:
    """A run for a fork's branch, or by an event that needs no push access, shows no name, no log and no artifact."""
    actions = github.hello.actions
    run = next(one for one in actions.runs.values() if any(job.conclusion == "failure" for job in one.jobs))
    run.fork, run.event, run.branch = fork, event, STRIPES
    run.artifacts.append(Artifact(1, STRIPES, 1, NOW))
    for job in run.jobs:
        job.name = f"{STRIPES} {job.name}"
        job.log = f"{job.log}\n##[error]{STRIPES}"
    client = await open_tools(**LOCKED)
    job = next(one for one in run.jobs if one.conclusion == "failure")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("actions_list", {"method": "list_workflow_runs"}),
        ("actions_list", {"method": "list_workflow_jobs", "resource_id": run.id}),
        ("actions_list", {"method": "list_workflow_run_artifacts", "resource_id": run.id}),
        ("actions_get", {"method": "get_workflow_run", "resource_id": run.id}),
        ("actions_get", {"method": "get_workflow_job", "resource_id": job.id}),
        ("get_job_logs", {"run_id": run.id}),
        ("get_job_logs", {"job_id": job.id}),
    ]
    for tool, arguments in calls:
        text = await _text(client, tool, {"repository": HELLO, **arguments})
        assert (tool, arguments, "ZEBRA" in text) == (tool, arguments, shown), text
        assert shown or "ockdown" in text


@pytest.mark.parametrize(
    ("login", "association", "shown"),
    [
        ("stranger-example", "CONTRIBUTOR", False),
        ("stranger-example", "FIRST_TIMER", False),
        ("stranger-example", "FIRST_TIME_CONTRIBUTOR", False),
        ("stranger-example", "MANNEQUIN", False),
        ("stranger-example", "SOMETHING_NEW", False),
        ("stranger-example", "MEMBER", True),
        ("stranger-example", "COLLABORATOR", True),
        ("github-actions[bot]", "NONE", True),
        ("some-other[bot]", "NONE", False),
    ],
)
async def test_the_association_decides(
    github: GitHub, open_tools: OpenTools, login: str, association: str, shown: bool
) -> None:
    """Owners, members, collaborators and GitHub's own bots are shown; all others, and unknown words, are not."""
    issue = github.hello.issues[1]
    issue.user, issue.body = github.app.stand_in.world.user(login), STRIPES
    github.hello.associations[login] = association
    client = await open_tools(**LOCKED)
    assert ("ZEBRA" in await _text(client, "issue_read", {"repository": HELLO, "issue": 1})) is shown


async def test_a_private_repository_stays_open(strangers_words: GitHub, open_tools: OpenTools) -> None:
    """Nobody without access writes in a private repository: its texts are shown."""
    strangers_words.hello.private = True
    client = await open_tools(**LOCKED)
    assert STRIPES in await _text(client, "issue_read", {"repository": HELLO, "issue": 1})


@pytest.mark.parametrize(("closed", "shown"), [({HELLO}, True), ({"octocat/plans"}, False), (None, False)])
def test_what_a_private_repository_leads_to_is_judged_by_its_own(closed: set[str] | None, shown: bool) -> None:
    """An issue of another repository that a private one leads to is left out; what it closes is still known."""
    document = {
        "number": 5,
        "title": STRIPES,
        "state": "open",
        "body": f"{STRIPES} fixes #4",
        "user": {"login": "stranger"},
        **dict.fromkeys(("created_at", "updated_at"), "2026-01-31T00:00:00Z"),
        "repository_url": f"https://api.github.com/repos/{HELLO}",
    }
    left_out = LeftOut(None if closed is None else frozenset(closed))
    with under_lockdown(left_out):
        issue = Issue.model_validate(document)
    assert (STRIPES in issue.text(), left_out.any, issue.withheld) == (shown, not shown, not shown)
    assert issue.says_it_closes(HELLO, 4)


async def test_visibility_is_kept_for_minutes_and_doubt_counts_as_public(github: GitHub) -> None:
    """A repository that becomes public is locked soon; one that cannot be read, or none at all, is locked at once."""
    github.hello.private = True
    clock = [0.0]
    asked = Client(load(GitHubSettings, {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}))
    private = partial(Visibility(asked, now=lambda: clock[0]).private, Call("issue_read"))
    hello = (REPOSITORIES, HELLO)
    assert await private([hello]) == frozenset({HELLO})
    github.hello.private = False
    assert await private([hello]) == frozenset({HELLO})
    assert await private([]) is None
    assert await private([hello, (REPOSITORIES, "octocat/no-such")]) is None
    clock[0] = KEPT_SECONDS + 1
    assert await private([hello]) is None
    await asked.aclose()


@pytest.mark.parametrize(
    ("operator", "header", "locked"),
    [("false", "true", True), ("false", "false", False), ("true", "false", True), ("false", None, False)],
)
async def test_a_header_locks_and_unlocks_nothing(
    strangers_words: GitHub, operator: str, header: str | None, locked: bool
) -> None:
    """X-MCP-Lockdown tightens a client's own calls; what the operator locked stays so."""
    environ = {"GITHUB_API_URL": strangers_words.url, "GITHUB_TOKEN": TOKEN, "GITHUB_LOCKDOWN_MODE": operator}
    settings = load(GitHubSettings, environ)
    params = {"name": "issue_read", "arguments": {"repository": HELLO, "issue": 1}}
    async with serving(build_app(build_server(settings), settings)) as url:
        reply = await raw(url, "tools/call", params, headers={"x-mcp-lockdown": header} if header else {})
        assert (STRIPES not in reply.text) is locked
        odd = answer_of(await raw(url, "tools/call", params, headers={"x-mcp-lockdown": "perhaps"}))["result"]
    assert odd["isError"]
    assert "neither true nor false" in odd["content"][0]["text"]
