"""Each of GitHub's refusals becomes our own words with the next step, and never GitHub's body or a token."""

import time

import httpx
import pytest
from github_mcp.error_messages import MEANINGS, explain_fields
from mcp_kit.error_messages import explain_status, fill_in
from mcp_kit.errors import ToolFailed
from service_kit.http import Reply
from stand_ins.kit.faults import Fault
from vendor.github_mcp.conftest import HELLO, TOKEN, Ask, GitHub, OpenTools, said

BODY = (
    b'{"message":"UPSTREAM WORDS ghp_secret","errors":'
    b'[{"resource":"Issue","field":"title","code":"missing_field","message":"UPSTREAM"}]}'
)


def _reply(status: int, **headers: str) -> Reply:
    return Reply(
        status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}, "latin-1"), BODY
    )


def _explained(reply: Reply, target: str) -> ToolFailed:
    meaning = explain_status(reply, MEANINGS, writes=False)
    filled = fill_in(meaning, target=target, vendor="GitHub", token="GITHUB_TOKEN", status=reply.status)
    return explain_fields(reply, target) or filled


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("reply", "says", "next_step"),
    [
        (_reply(401), "refused the token", "GITHUB_TOKEN"),
        (_reply(403), "may not do this with octocat/x", "permission"),
        (
            _reply(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(time.time()) + 100)),
            "rate limit",
            "Call again in",
        ),
        (_reply(403, retry_after="7"), "rate limit", "in 7 s"),
        (_reply(429), "rate limit", "in 60 s"),
        (_reply(429, retry_after="²"), "rate limit", "in 60 s"),
        (_reply(429, retry_after="9" * 5000), "rate limit", "in 60 s"),
        (_reply(404), "knows no octocat/x", "list_issues"),
        (_reply(301), "has moved", "present name"),
        (_reply(409), "changed meanwhile", "Read it again"),
        (_reply(410), "deleted", "Leave it"),
        (_reply(422), "title missing_field", "Correct it"),
        (_reply(500), "failed on octocat/x (500)", "later"),
        (_reply(202), "failed on octocat/x (202)", "later"),
    ],
)
def test_a_status_means_something(reply: Reply, says: str, next_step: str) -> None:
    """Status and headers decide; of the body only closed words are read."""
    error = _explained(reply, "octocat/x")
    assert says in error.message
    assert next_step in error.next_step
    assert "UPSTREAM" not in f"{error.message}{error.next_step}"


FAULTS: dict[str, tuple[Fault, str]] = {
    "rate limit": (Fault(fault="rate_limit", seconds=30), "rate limit"),
    "secondary limit": (Fault(fault="secondary_limit", seconds=5), "in 5 s"),
    "page": (Fault(fault="html", status=200), "not usable"),
    "cut": (Fault(fault="cut", times=9), "not usable"),
    "outage": (Fault(fault="status", status=503, times=9), "503"),
    "another form": (Fault(fault="status", status=200, body={"items": 1}), "not usable"),
    "dropped": (Fault(fault="drop_before", times=9), "not usable"),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failing_github_is_an_answer(ask: Ask, github: GitHub, fault: str) -> None:
    """However GitHub fails, the caller gets a result with isError that says what happened."""
    ordered, says = FAULTS[fault]
    github.app.controls.gate.faults.append(ordered.model_copy())
    answer = await ask("list_issues", repository=HELLO)
    assert answer.is_error
    assert says in answer.text
    assert "<html" not in answer.text


async def test_an_odd_row_hides_no_other(ask: Ask, github: GitHub) -> None:
    """What is null is empty; a row that is of no known form is named, and the others are shown."""
    dates = {"created_at": "2026-11-10T00:00:00Z", "updated_at": "2026-11-10T00:00:00Z"}
    rows = [
        {"number": 5, "title": "Null", "state": "open", "user": None, "assignees": None, "labels": None, **dates},
        {"number": 6, "title": "Odd", "state": "open", "labels": [{"color": "red"}], **dates},
        {"number": 7, "title": "Well", "state": "open", "user": {"login": "mona"}, "labels": ["bug"], **dates},
    ]
    github.app.controls.gate.faults.append(Fault(fault="status", status=200, body=rows))
    answer = await ask("list_issues", repository=HELLO)
    assert not answer.is_error
    assert "Left out of GitHub's list, as they are not of its form: row 2 (labels.0.name)." in answer.text
    assert '#5 open "Null" by ghost' in answer.text
    assert '#7 open "Well" by mona' in answer.text
    assert "#6" not in answer.text


async def test_a_moved_repository_is_told(ask: Ask, github: GitHub) -> None:
    """Redirects are not followed: the answer says that the name has changed."""
    github.app.stand_in.world.rename(github.hello, "octocat/hello-again")
    answer = await ask("list_issues", repository=HELLO)
    assert answer.is_error
    assert "has moved" in answer.text


async def test_an_unknown_issue_is_told(ask: Ask) -> None:
    """What is not there is named, with how to find what is."""
    answer = await ask("issue_read", repository=HELLO, issue=999)
    assert answer.is_error
    assert f"knows no {HELLO}#999" in answer.text


async def test_the_second_name_of_the_token_serves_too(open_tools: OpenTools) -> None:
    """GITHUB_PERSONAL_ACCESS_TOKEN is read where GITHUB_TOKEN is not set."""
    client = await open_tools(GITHUB_TOKEN="", GITHUB_PERSONAL_ACCESS_TOKEN=TOKEN)
    assert not said(await client.call_tool_mcp("list_labels", {"repository": HELLO})).is_error
