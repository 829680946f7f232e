"""`detail` of pull_request_read: what is shown in part is whole with `full`, by whatever method."""

from dataclasses import replace

from vendor.github_mcp.conftest import HELLO, Ask, GitHub

PULL = {"repository": HELLO, "pull_request": 5}
LONG = f"{'Many words. ' * 300}The end."


async def test_full_gives_whole_texts_of_what_was_said(ask: Ask, github: GitHub) -> None:
    """Reviews, threads and comments begin in a compact reply, and are whole in a full one."""
    pull = github.hello.issues[5].pull
    assert pull is not None
    pull.reviews[0].body = pull.threads[0].comments[0].body = github.hello.issues[5].comments[0].body = LONG
    for method in ("get_reviews", "get_review_comments", "get_comments"):
        compact = await ask("pull_request_read", **PULL, method=method)
        full = await ask("pull_request_read", **PULL, method=method, detail="full")
        assert ("The end." in compact.text, "The end." in full.text) == (False, True), method
        assert not (await ask("pull_request_read", **PULL, method=method, detail="brief")).is_error


async def test_full_gives_messages_and_patches(ask: Ask, github: GitHub) -> None:
    """Commits come with their whole messages, and files with their patches."""
    github.hello.history.commits[_head(github)] = replace(
        github.hello.history.commits[_head(github)], message="First line\n\nWhy it was done."
    )
    for method, words in (("get_commits", "Why it was done."), ("get_files", '+    return Path.home() / ".hello"')):
        compact = await ask("pull_request_read", **PULL, method=method)
        full = await ask("pull_request_read", **PULL, method=method, detail="full")
        assert (words in compact.text, words in full.text) == (False, True), method


async def test_full_gives_what_checks_report(ask: Ask, github: GitHub) -> None:
    """A check says in full what its service wrote; compact rows have the beginning of the title alone."""
    job = next(job for _, job in github.hello.actions.checks(_head(github)) if job.name == "lint")
    job.title, job.summary = f"{'Many rules. ' * 20}All hold.", "12 files were read."
    compact = (await ask("pull_request_read", **PULL, method="get_check_runs")).text
    full = (await ask("pull_request_read", **PULL, method="get_check_runs", detail="full")).text
    assert [words in compact for words in ("Many rules.", "All hold.", "12 files")] == [True, False, False]
    assert [words in full for words in ("Many rules.", "All hold.", "12 files")] == [True, True, True]
    assert 'success: "lint", job ' in full


async def test_a_long_thread_says_what_is_left_and_where(ask: Ask, github: GitHub) -> None:
    """GitHub gives a hundred comments of a thread at once; the others are counted, with the address of the last."""
    pull = github.hello.issues[5].pull
    assert pull is not None
    thread = pull.threads[0]
    thread.comments = [replace(thread.comments[0], id=70_000 + number, body="More.") for number in range(104)]
    text = (await ask("pull_request_read", **PULL, method="get_review_comments", detail="full")).text
    address = f"https://github.com/{HELLO}/pull/5#discussion_r70099"
    assert f"(4 more comments of 104 are on GitHub, below {address})" in text


def _head(github: GitHub) -> str:
    pull = github.hello.issues[5].pull
    assert pull is not None
    return pull.head_sha
