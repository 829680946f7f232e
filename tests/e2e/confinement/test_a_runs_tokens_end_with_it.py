"""Tokens that an agent carried out of its run: they open nothing else, and no longer write or spend."""

import pytest
from e2e.confinement.conftest import REPOSITORY, Shell
from e2e.confinement.gates import INSIDE, ask, at_gateway, call_tool
from fixtures.house import RunningHouse

COMMENT = f"/repos/{REPOSITORY}/issues/1/comments"


async def test_it_can_no_longer_write(shell: Shell, house: RunningHouse) -> None:
    """After the run the fence holds: the gateway answers 409 and GitHub gets no comment."""
    task, late = shell.tokens["task"], {"body": "late"}
    direct = await at_gateway(house, task, "POST", COMMENT, tool="add_issue_comment", document=late)
    assert (direct.status, direct.reason) == (409, "stale_attempt")
    through = await call_tool(house, task, "add_issue_comment", {"repository": REPOSITORY, "issue": 1, **late})
    assert through.failed
    assert "does not run any more" in through.text or "another attempt" in through.text
    assert (await house.issue(1, REPOSITORY))["comments"] == []


async def test_it_can_no_longer_spend(shell: Shell, house: RunningHouse) -> None:
    """After the run model-api takes no request: the attempt is not live."""
    body = {"model": "claude-sonnet-5-5", "max_tokens": 5, "messages": [{"role": "user", "content": "SCENARIO:text"}]}
    headers = {"x-api-key": shell.tokens["model"], "anthropic-version": "2023-06-01"}
    asked = len((await house.model("GET", "/_stand-in/requests")).json())
    reply = await ask(house, "model-api", "POST", "/v1/messages", headers=headers, document=body)
    assert (reply.status, reply.reason) == (403, "stale_attempt")
    assert len((await house.model("GET", "/_stand-in/requests")).json()) == asked


@pytest.mark.parametrize(
    ("process", "path", "token"),
    [
        ("github-api", f"/repos/{REPOSITORY}/issues/1", "task"),
        ("github-api", f"/repos/{REPOSITORY}/issues/1", "model"),
        ("model-api", "/v1/messages", "task"),
        ("github-mcp", "/mcp", "model"),
        ("github-mcp", "/sse", "model"),
        ("control", "/v1/tasks", "task"),
        ("control", "/v1/tasks", "model"),
        ("stand-in-github", f"/repos/{REPOSITORY}/issues/1", "task"),
        ("stand-in-model", "/v1/messages", "model"),
    ],
)
async def test_it_opens_no_other_door(process: str, path: str, token: str, shell: Shell, house: RunningHouse) -> None:
    """Each token is good at its own servers alone: a gateway, control and the vendors ask for other ones."""
    method = "POST" if path in ("/mcp", "/v1/messages") else "GET"
    headers = {"authorization": f"Bearer {shell.tokens[token]}", "anthropic-version": "2023-06-01"}
    headers["accept"] = "application/json, text/event-stream"
    reply = await ask(house, process, method, path, headers=headers, document={} if method == "POST" else None)
    assert reply.status == 401, reply.text


async def test_until_they_expire_its_reads_stay_in_the_grant(shell: Shell, house: RunningHouse) -> None:
    """By design reads end with the token, a minute after the wall clock; until then they reach the grant alone."""
    inside = await call_tool(house, shell.tokens["task"], "issue_read", {"repository": REPOSITORY, "issue": 1})
    assert "Look around" in inside.text
    outside = await call_tool(house, shell.tokens["task"], "issue_read", {"repository": INSIDE, "issue": 1})
    assert "outside this caller's grant" in outside.text
