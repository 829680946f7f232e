"""How a pull request stands, what was said of its lines, and reviews that are written."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from stand_ins.github.accounts import User
from stand_ins.github.actions_records import CommitStatus
from stand_ins.github.planning import Team
from stand_ins.github.records import Pull
from stand_ins.github.reviews import Review
from stand_ins.github.shapes.account import node_id
from vendor.github_mcp.conftest import HELLO, READER, Ask, GitHub, OpenTools, said

PULL = {"repository": HELLO, "pull_request": 5}
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
LINE = {"path": "hello/settings.py", "line": 8, "body": "Why not `platformdirs`?"}


def pull(github: GitHub, number: int = 5) -> Pull:
    """Return a pull request as the stand-in holds it."""
    found = github.hello.issues[number].pull
    assert found is not None
    return found


async def test_one_call_says_whether_it_is_reviewed_and_green(ask: Ask) -> None:
    """The facts name the verdicts, the open threads, how many checks pass, and each that does not."""
    text = (await ask("pull_request_read", **PULL)).text
    for fact in ("checks fail", "changes requested by octocat", "1 of 2 threads open", "of 3 checks pass"):
        assert fact in text, text
    assert 'failure: "test"' in text
    assert "run 6100003" in text
    assert "reviewers sam-example" in text


async def test_every_check_is_listed(ask: Ask) -> None:
    """Check runs and statuses of other services, each with its state and what get_job_logs takes."""
    text = (await ask("pull_request_read", **PULL, method="get_check_runs")).text
    assert "3 checks of 3" in text
    assert 'success: "lint", job ' in text


async def test_reviews_threads_and_commits_are_read(ask: Ask) -> None:
    """A review with its verdict, a thread with its lines, state, comments and ids, a commit by its first line."""
    reviews = (await ask("pull_request_read", **PULL, method="get_reviews")).text
    assert "changes requested by octocat (OWNER), 2026-11-17T12:30Z" in reviews
    assert "The direction is right. Two things before we merge." in reviews
    threads = (await ask("pull_request_read", **PULL, method="get_review_comments")).text
    assert '"hello/settings.py":8, open' in threads
    assert '"tests/test_settings.py":4, resolved' in threads
    assert "`Path.home()` asks `USERPROFILE` there." in threads
    commits = (await ask("pull_request_read", repository=HELLO, pull_request=6, method="get_commits")).text
    assert "4 commits of octocat/hello-world#6, oldest first:" in commits
    assert "kim-example" in commits
    assert '"One file for each language, part 1"' in commits


async def test_a_review_is_written_with_its_comments_at_once(ask: Ask, github: GitHub) -> None:
    """One call makes a review with comments on lines of the diff, and tells its address."""
    answer = await ask(
        "pull_request_review_write", **PULL, method="create", event="COMMENT", body="Nearly.", comments=[LINE]
    )
    assert not answer.is_error, answer.text
    review = pull(github).reviews[-1]
    assert (review.state, review.body) == ("COMMENTED", "Nearly.")
    thread = pull(github).threads[-1]
    assert (thread.path, thread.line, thread.comments[0].body) == (LINE["path"], LINE["line"], LINE["body"])
    assert f"Review {review.id} (commented) on {HELLO}#5: {github.url}/{HELLO}/pull/5#pullrequestreview-" in answer.text


async def test_a_pending_review_is_submitted_or_deleted(ask: Ask, github: GitHub) -> None:
    """Without an event a review is pending; it is then found without its id."""
    for method, left in (("submit_pending", "CHANGES_REQUESTED"), ("delete_pending", None)):
        begun = await ask("pull_request_review_write", **PULL, method="create", body="Wait.")
        assert "(pending)" in begun.text
        event = {"event": "REQUEST_CHANGES"} if left else {}
        ended = await ask("pull_request_review_write", **PULL, method=method, **event)
        assert not ended.is_error, ended.text
        assert (pull(github).reviews[-1].state == left) is bool(left)
    again = await ask("pull_request_review_write", **PULL, method="delete_pending")
    assert again.is_error
    assert "has no pending review of ours" in again.text


async def test_comments_are_added_to_a_pending_review(ask: Ask, github: GitHub) -> None:
    """Comments join the review that is not submitted yet; a line outside the diff is refused after those before it."""
    await ask("pull_request_review_write", **PULL, method="create", body="Wait.")
    lines = [LINE, {**LINE, "line": 900}]
    answer = await ask("pull_request_review_write", **PULL, method="add_to_pending", comments=lines)
    assert answer.is_error
    assert "Before this failed, line 8 was commented on." in answer.text
    added = await ask("add_comment_to_pending_review", **PULL, comments=[LINE])
    assert not added.is_error, added.text
    review = pull(github).reviews[-1]
    assert f"1 comments were added to pending review {review.id} of {HELLO}#5: {github.url}/" in added.text
    first, second = pull(github).threads[-2:]
    assert [one.comments[0].review_id for one in (first, second)] == [review.id] * 2
    assert (first.path, first.line, first.comments[0].body) == (LINE["path"], LINE["line"], LINE["body"])


async def test_several_threads_are_settled_in_one_call(ask: Ask, github: GitHub) -> None:
    """Threads are resolved and opened again by the ids that are shown; what fails says how many were done."""
    threads = [node_id("PRRT", one.id) for one in pull(github).threads]
    for method, resolved in (("resolve_thread", True), ("unresolve_thread", False)):
        answer = await ask("pull_request_review_write", **PULL, method=method, threads=threads)
        assert not answer.is_error, answer.text
        assert [one.resolved for one in pull(github).threads] == [resolved] * 2
    odd = await ask("pull_request_review_write", **PULL, method="resolve_thread", threads=[threads[0], "PRRT_none"])
    assert odd.is_error
    assert f'Before this failed, "{threads[0]}" was resolved.' in odd.text


@pytest.mark.parametrize(
    ("tool", "asked", "times"),
    [
        ("pull_request_review_write", {"method": "resolve_thread"}, 2),
        ("update_pull_request", {"title": "T", "draft": True, "reviewers": ["octocat"]}, 3),
    ],
)
async def test_a_dry_run_shows_each_write_of_a_call(
    open_tools: OpenTools, github: GitHub, tool: str, asked: dict[str, Any], times: int
) -> None:
    """All that a call of several writes would send is shown, and nothing is sent."""
    client = await open_tools(DRY_RUN="true")
    threads, before = pull(github).threads, [one.resolved for one in pull(github).threads]
    given = {"threads": [node_id("PRRT", one.id) for one in threads]} if "method" in asked else {}
    text = said(await client.call_tool_mcp(tool, {**PULL, **asked, **given})).text
    assert sum(line.startswith(("POST /", "PATCH /")) for line in text.splitlines()) == times, text
    assert [one.resolved for one in threads] == before


async def test_a_thread_of_another_pull_request_is_not_settled(ask: Ask, github: GitHub) -> None:
    """The pull request that the call names is the thread's: an id alone would lead to any repository."""
    thread = node_id("PRRT", pull(github).threads[0].id)
    for named in ({"repository": HELLO, "pull_request": 6}, {"repository": "octocat/secret-plans", "pull_request": 5}):
        answer = await ask("pull_request_review_write", **named, method="resolve_thread", threads=[thread])
        assert answer.is_error
        assert f"is none of {named['repository']}#{named['pull_request']}." in answer.text
    assert not pull(github).threads[0].resolved


async def test_a_thread_is_answered(ask: Ask, github: GitHub) -> None:
    """A reply stands in its thread, under the id of the first comment that is shown."""
    first = pull(github).threads[0].comments[0].id
    answer = await ask("add_reply_to_pull_request_comment", **PULL, comment=first, body="Good point.")
    assert not answer.is_error, answer.text
    assert pull(github).threads[0].comments[-1].body == "Good point."


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"method": "create", "event": "COMMENT", "comments": [{**LINE, "line": 900}]}, "Line could not be resolved"),
        ({"method": "create", "event": "COMMENT", "comments": [{**LINE, "path": "x"}]}, "Path could not be resolved"),
        ({"method": "create", "event": "COMMENT"}, "needs body or comments"),
        ({"method": "submit_pending"}, "has no pending review"),
        ({"method": "add_to_pending"}, "needs comments"),
        ({"method": "add_to_pending", "comments": [LINE]}, "has no pending review"),
        ({"method": "resolve_thread"}, "threads is missing"),
        ({"method": "create", "event": "LGTM"}, "event: Input should be"),
        ({"method": "create", "body": "x", "comments": [{"path": "a", "body": "b"}]}, "comments.0.line"),
    ],
)
async def test_a_wrong_review_is_explained(ask: Ask, asked: dict[str, Any], says: str) -> None:
    """What is missing, or what GitHub does not take, is said in words that help to correct it."""
    answer = await ask("pull_request_review_write", **PULL, **asked)
    assert answer.is_error
    assert says in answer.text


async def test_ones_own_pull_request_is_not_approved(ask: Ask, github: GitHub) -> None:
    """GitHub's refusal is quoted: an author does not approve."""
    github.hello.issues[5].user = github.app.stand_in.world.user("agent-bot")
    answer = await ask("pull_request_review_write", **PULL, method="create", event="APPROVE")
    assert answer.is_error
    assert "Can not approve your own pull request" in answer.text


async def test_a_reader_may_not_settle_threads(open_tools: OpenTools, github: GitHub) -> None:
    """GraphQL refuses with 200: it reads as a missing permission."""
    client = await open_tools(GITHUB_TOKEN=READER)
    thread = node_id("PRRT", pull(github).threads[0].id)
    asked = {**PULL, "method": "resolve_thread", "threads": [thread]}
    answer = said(await client.call_tool_mcp("pull_request_review_write", asked))
    assert answer.is_error
    assert "may not do this" in answer.text


async def test_a_comment_of_a_deleted_account_is_shown(ask: Ask, github: GitHub) -> None:
    """GitHub gives no author for it; the other comments of the thread are shown beside it."""
    thread = pull(github).threads[0]
    thread.comments[0].user = User(10137, "ghost", NOW)
    answer = await ask("pull_request_read", **PULL, method="get_review_comments")
    assert not answer.is_error, answer.text
    assert f"comment {thread.comments[0].id} by ghost " in answer.text


async def test_what_does_not_fit_a_page_is_counted_truly(ask: Ask, github: GitHub) -> None:
    """Checks are counted over all pages; of threads it is said how many were looked at."""
    opened, statuses = pull(github), github.hello.actions.statuses
    statuses[opened.head_sha] = [
        CommitStatus(number, f"service-{number}", "failure" if number == 148 else "success", NOW)
        for number in range(149)
    ]
    first = opened.threads[0]
    opened.threads[:] = [replace(first, id=number, resolved=number < 100) for number in range(1, 131)]
    text = (await ask("pull_request_read", **PULL)).text
    runs = len(github.hello.actions.checks(opened.head_sha))
    assert f" of {149 + runs} checks pass" in text
    assert 'failure: "service-148"' in text
    assert "1 of the first 100 threads open (130 in all)" in text


async def test_an_approval_is_seen_without_a_rule_that_wants_one(ask: Ask, github: GitHub) -> None:
    """GitHub decides nothing on a branch that wants no reviews, and a later comment takes no approval away."""
    for event in ("APPROVED", "COMMENTED"):
        user = github.app.stand_in.world.user("octocat")
        pull(github, 6).reviews.append(Review(9, user, event, "", pull(github, 6).head_sha, NOW))
    one = (await ask("pull_request_read", repository=HELLO, pull_request=6)).text
    assert "approved by octocat" in one
    assert "commented by octocat" not in one
    listed = (await ask("list_pull_requests", repository=HELLO)).text
    (row,) = [line for line in listed.splitlines() if line.startswith("#6 ")]
    assert ", approved, " in row


async def test_the_head_that_a_merge_wants_is_shown(ask: Ask, github: GitHub) -> None:
    """`get` names the head's commit; the branch of a fork is shown with its owner, that of a deleted one as such."""
    assert f"head {pull(github).head_sha[:10]}" in (await ask("pull_request_read", **PULL)).text
    for owner, shown in (("evil", '"evil:settings-without-home"'), ("", '"deleted fork:settings-without-home"')):
        pull(github).fork_owner = owner
        assert shown in (await ask("pull_request_read", **PULL)).text
    pull(github).fork_owner = "evil"
    for asked, found in (("evil:settings-without-home", True), ("octocat:settings-without-home", False)):
        assert ("#5 " in (await ask("list_pull_requests", repository=HELLO, head=asked)).text) is found


async def test_teams_are_asked_for_a_review(ask: Ask, github: GitHub) -> None:
    """A team is named with its organization; it is shown, and asked no more by the same name."""
    world = github.app.stand_in.world
    world.teams.append(Team(77, github.hello.owner, "Readers", NOW))
    asked = await ask("update_pull_request", **PULL, reviewers=["octocat/readers"])
    assert not asked.is_error, asked.text
    assert [team.slug for team in pull(github).requested_teams] == ["readers"]
    assert "octocat/readers" in (await ask("pull_request_read", **PULL)).text
    await ask("update_pull_request", **PULL, remove_reviewers=["octocat/readers"])
    assert pull(github).requested_teams == []
