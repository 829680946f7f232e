"""Statuses, check runs and annotations by a commit's id or a branch, as the client gives them to tools."""

from collections.abc import AsyncIterator

import pytest
from github_mcp.client.checks import Checks
from github_mcp.client.github import GitHub as Client
from github_mcp.settings import GitHubSettings
from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from service_kit.settings import load
from vendor.github_mcp.conftest import HELLO, TOKEN, GitHub

CALL = Call("pull_request_read")
BRANCH = "settings-without-home"


@pytest.fixture
async def checks(github: GitHub) -> AsyncIterator[Checks]:
    """The client, in front of the stand-in."""
    client = Client(load(GitHubSettings, {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}))
    yield Checks(client)
    await client.aclose()


async def test_check_runs_are_jobs(checks: Checks, github: GitHub) -> None:
    """By branch or id the same: each job of Actions says how it ended, and its id leads to its log."""
    sha = github.hello.history.branches[BRANCH]
    for ref in (BRANCH, sha):
        page = await checks.check_runs(CALL, HELLO, ref, 30)
        assert [(run.id, run.name, run.outcome, run.failed, run.is_job) for run in page.rows] == [
            (7100003, "lint", "success", False, True),
            (7100004, "test", "failure", True, True),
        ]
        assert page.rows[1].row() == 'job 7100004 failure "test", 1 annotations, 2026-11-17T10:01Z'
    (only,) = (await checks.check_runs(CALL, HELLO, sha, 30, check_name="lint")).rows
    assert (only.id, only.head_sha) == (7100003, sha)


async def test_a_status_is_the_last_of_each_context(checks: Checks) -> None:
    """The state of all together, and a row for each."""
    status = await checks.status(CALL, HELLO, BRANCH)
    assert (status.state, [one.row() for one in status.statuses]) == (
        "success",
        ['status success "docs/preview" "The preview is ready"'],
    )
    none = await checks.status(CALL, HELLO, "main")
    assert (none.state, none.total_count, none.statuses) == ("pending", 0, [])


async def test_annotations_say_where(checks: Checks) -> None:
    """A row has level, file, line and words."""
    page = await checks.annotations(CALL, HELLO, 7100004, 30)
    assert [one.row() for one in page.rows] == ['failure ".github":319 "Process completed with exit code 1."']


async def test_an_unknown_ref_is_told(checks: Checks) -> None:
    """A ref that is not there is refused, and the refusal names it."""
    with pytest.raises(ToolFailed, match="nowhere"):
        await checks.check_runs(CALL, HELLO, "nowhere", 30)
