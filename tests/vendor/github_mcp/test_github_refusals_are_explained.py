"""Each of GitHub's refusals becomes our own words with the next step, and never GitHub's body or a token."""

import json
import time
from typing import Any

import httpx
import pytest
from mcp_kit.caller import Caller
from service_kit.grants import Bound
from service_kit.http import Reply
from stand_ins.kit.faults import Fault
from vendor.github_mcp.conftest import HELLO, READER, TOKEN, Ask, GitHub, OpenTools, said
from vendor.github_mcp.refusals import explained

BODY = (
    b'{"message":"UPSTREAM WORDS ghp_secret","errors":'
    b'[{"resource":"Issue","field":"title","code":"missing_field","message":"UPSTREAM"}]}'
)


def _reply(status: int, **headers: str) -> Reply:
    return Reply(
        status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}, "latin-1"), BODY
    )


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
        (
            _reply(
                403, x_ratelimit_remaining="0", x_ratelimit_reset="1795222900", date="Sat, 21 Nov 2026 01:00:00 GMT"
            ),
            "rate limit",
            "in 100 s",
        ),
        (_reply(403, retry_after="7"), "rate limit", "in 7 s"),
        (_reply(429), "rate limit", "in 60 s"),
        (_reply(429, retry_after="²"), "rate limit", "in 60 s"),
        (_reply(429, retry_after="9" * 5000), "rate limit", "in 60 s"),
        (_reply(404), "knows no octocat/x", "Check the name and number."),
        (_reply(301), "has moved", "present name"),
        (_reply(409), "changed meanwhile", "Read it again"),
        (_reply(410), "deleted", "Leave it"),
        (_reply(422), "title missing_field", "Correct it and call again"),
        (_reply(500), "failed on octocat/x (500)", "later"),
        (_reply(202), "failed on octocat/x (202)", "later"),
    ],
)
def test_a_status_means_something(reply: Reply, says: str, next_step: str) -> None:
    """Status and headers decide; of the body only closed words are read."""
    error = explained(reply, "octocat/x")
    assert says in error.message
    assert next_step in error.next_step
    assert "UPSTREAM" not in f"{error.message}{error.next_step}"


FAULTS: dict[str, tuple[Fault, str]] = {
    "rate limit": (Fault(fault="rate_limit", seconds=30), "rate limit"),
    "secondary limit": (Fault(fault="secondary_limit", seconds=5), "in 5 s"),
    "page": (Fault(fault="html", status=200), "not usable"),
    "cut": (Fault(fault="cut", times=9), "connection to GitHub broke"),
    "outage": (Fault(fault="status", status=503, times=9), "503"),
    "another form": (Fault(fault="status", status=200, body={"items": 1}), "not usable"),
    "dropped": (Fault(fault="drop_before", times=9), "connection to GitHub broke"),
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


@pytest.mark.bad_input
async def test_an_enterprise_address_without_its_path_is_told(ask: Ask, github: GitHub) -> None:
    """A login page in place of the API names the variable, and how an Enterprise server's address ends."""
    github.app.controls.gate.faults.append(
        Fault(fault="status", status=302, headers={"location": "/login?return_to=%2Frepos"})
    )
    answer = await ask("list_issues", repository=HELLO)
    assert answer.is_error
    assert "correct GITHUB_API_URL" in answer.text
    assert "https://HOST/api/v3" in answer.text


async def test_a_moved_repositorys_present_name_is_told(ask: Ask, github: GitHub) -> None:
    """Redirects are not followed, of a read and of a write: the answer says the name, which leads on."""
    github.app.stand_in.world.rename(github.hello, "octocat/hello-again")
    comment = {"issue": 1, "body": "Seen."}
    for tool, more, target in (("list_issues", {}, HELLO), ("add_issue_comment", comment, f"{HELLO}#1")):
        answer = await ask(tool, repository=HELLO, **more)
        assert answer.is_error
        assert answer.text.splitlines() == [f"{target} has moved to octocat/hello-again.", "Use that name."]
        assert not (await ask(tool, repository="octocat/hello-again", **more)).is_error


async def test_a_present_name_outside_the_grant_is_not_told(open_tools: OpenTools, github: GitHub) -> None:
    """A run hears that its repository has moved, also of GraphQL, and no name that it was not granted."""
    github.app.stand_in.world.rename(github.hello, "octocat/hello-again")
    tools = ["list_issues", "list_pull_requests", "get_file_blame"]
    client = await open_tools(Caller("run", Bound(tools=tools, resources={"repositories": [HELLO]})))
    for tool, more in zip(tools, ({}, {}, {"path": "README.md"}), strict=True):
        answer = said(await client.call_tool_mcp(tool, {"repository": HELLO, **more}))
        assert f"{HELLO} has moved" in answer.text, answer.text
        assert "hello-again" not in answer.text


REFUSED: dict[str, tuple[Fault, list[str]]] = {
    "a secondary limit": (
        Fault(fault="secondary_limit", seconds=0),
        ["GitHub's rate limit is used up.", "Call again in 60 s, and call less."],
    ),
    "single sign-on": (
        Fault(fault="single_sign_on"),
        [
            f"{HELLO}#1 needs a token that is authorized for single sign-on of the organization octocat (403).",
            "Tell the operator to authorize GITHUB_TOKEN: Configure SSO in GitHub's list of tokens.",
        ],
    ),
    "a repository taken down": (
        Fault(fault="access_blocked"),
        [
            f"GitHub has blocked {HELLO}#1, for legal reasons or for its terms (451).",
            "Leave it: no other token opens it.",
        ],
    ),
    "a repository against the terms": (
        Fault(fault="access_blocked", status=403),
        [
            f"GitHub has blocked {HELLO}#1, for legal reasons or for its terms (403).",
            "Leave it: no other token opens it.",
        ],
    ),
}


@pytest.mark.parametrize("cause", REFUSED)
async def test_a_cause_is_not_guessed_from_the_status(ask: Ask, github: GitHub, cause: str) -> None:
    """Each of the causes that share a status is named, with its own next step."""
    fault, says = REFUSED[cause]
    github.app.controls.gate.faults.append(fault.model_copy())
    answer = await ask("issue_read", repository=HELLO, issue=1)
    assert answer.is_error
    assert answer.text.splitlines() == says


async def test_an_archived_repository_is_named(ask: Ask, github: GitHub) -> None:
    """A write into an archived repository is told as that, and not as a missing permission."""
    github.hello.archived = True
    answer = await ask("add_issue_comment", repository=HELLO, issue=1, body="Seen.")
    assert answer.text.splitlines() == [
        f"The repository of {HELLO}#1 is archived, and takes no writes (403).",
        "Do without the write.",
    ]


async def test_a_locked_issue_is_named(open_tools: OpenTools, github: GitHub) -> None:
    """A comment on a locked issue is told as that to an account without write access."""
    github.hello.issues[1].locked = True
    client = await open_tools(GITHUB_TOKEN=READER)
    arguments = {"repository": HELLO, "issue": 1, "body": "Seen."}
    answer = said(await client.call_tool_mcp("add_issue_comment", arguments))
    assert answer.text.splitlines() == [
        f"The conversation of {HELLO}#1 is locked: only those with write access may comment (403).",
        "Do without the comment, or tell the operator that GITHUB_TOKEN lacks write access.",
    ]


async def test_a_missing_permission_is_named(ask: Ask, github: GitHub) -> None:
    """A token that is narrower than its account is told with the permission that GitHub asks for."""
    github.app.stand_in.world.tokens[TOKEN].limits = {"issues": "read"}
    answer = await ask("add_issue_comment", repository=HELLO, issue=1, body="Seen.")
    assert answer.text.startswith(f"The token lacks a permission for {HELLO}#1: issues=write (403).")


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        (
            "issue_write",
            {"method": "update", "issue": 1, "assignees": ["nobody-here"]},
            ["assignees invalid.", "Only people with access to the repository can be assigned"],
        ),
    ],
)
async def test_a_value_that_is_not_valid_is_named(
    ask: Ask, tool: str, arguments: dict[str, Any], says: list[str]
) -> None:
    """A 422 names the field, and says what to give in its place."""
    answer = await ask(tool, repository=HELLO, **arguments)
    assert answer.is_error
    for part in says:
        assert part in answer.text


def test_githubs_own_words_are_quoted_where_they_help() -> None:
    """What GitHub says of a value is quoted beside the field; a mere text in `errors` is one too."""
    fault = {"resource": "Search", "field": "q", "code": "invalid", "message": "The listed users cannot be searched"}
    body = json.dumps({"message": "Validation Failed", "errors": [fault, "and this"]}).encode()
    error = explained(Reply(422, httpx.Headers(), body), "the search")
    assert error.message == "GitHub does not accept this for the search (422): q invalid."
    assert error.next_step.startswith("Correct the search text")
    assert error.quoted is not None
    assert error.quoted.text == "The listed users cannot be searched\nand this"


async def test_an_issues_number_is_no_pull_requests(ask: Ask) -> None:
    """A pull request tool that is given an issue's number says so; a number of neither stays unknown."""
    for method in ("get", "get_files", "get_diff"):
        answer = await ask("pull_request_read", repository=HELLO, pull_request=1, method=method)
        assert answer.text.splitlines() == [f"{HELLO}#1 is an issue, and no pull request.", "Use issue_read."]
    answer = await ask("pull_request_read", repository=HELLO, pull_request=999)
    assert f"knows no {HELLO}#999" in answer.text


async def test_a_path_that_is_not_there_is_printed(ask: Ask) -> None:
    """The answer shows the path and the ref that were asked for, and says how to find others."""
    answer = await ask("get_file_contents", repository=HELLO, path="docs/none.md")
    assert answer.text.startswith(f'GitHub knows no "docs/none.md" in {HELLO}')
    assert "get_file_contents lists a folder" in answer.text
    answer = await ask("get_file_contents", repository=HELLO, path="README.md", ref="nowhere")
    assert answer.text.startswith(f'GitHub knows no such ref for "README.md" at "nowhere" in {HELLO}')


async def test_issues_switched_off_are_told_from_a_deleted_one(ask: Ask, github: GitHub) -> None:
    """Both are 410, and each is named."""
    github.hello.issues[1].deleted = True
    assert f"{HELLO}#1 was deleted" in (await ask("issue_read", repository=HELLO, issue=1)).text
    github.hello.has_issues = False
    assert "Issues are switched off" in (await ask("issue_read", repository=HELLO, issue=1)).text


async def test_an_unknown_issue_is_told(ask: Ask) -> None:
    """What is not there is named, with how to find what is."""
    answer = await ask("issue_read", repository=HELLO, issue=999)
    assert answer.is_error
    assert f"knows no {HELLO}#999" in answer.text


async def test_the_second_name_of_the_token_serves_too(open_tools: OpenTools) -> None:
    """GITHUB_PERSONAL_ACCESS_TOKEN is read where GITHUB_TOKEN is not set."""
    client = await open_tools(GITHUB_TOKEN="", GITHUB_PERSONAL_ACCESS_TOKEN=TOKEN)
    assert not said(await client.call_tool_mcp("list_labels", {"repository": HELLO})).is_error
