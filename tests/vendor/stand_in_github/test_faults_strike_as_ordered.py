"""Faults that only GitHub has, and the kit's in GitHub's words."""

from typing import Any

import httpx
import pytest

ISSUE = "/repos/octocat/hello-world/issues/1"


async def _order(client: httpx.AsyncClient, **fault: Any) -> None:
    assert (await client.post("/_stand-in/faults", json=fault)).status_code == 204


@pytest.mark.parametrize(
    ("fault", "status", "message", "header"),
    [
        ({"fault": "status"}, 502, "Server Error", ("content-type", "application/json; charset=utf-8")),
        ({"fault": "rate_limit"}, 403, "API rate limit exceeded", ("x-ratelimit-remaining", "0")),
        ({"fault": "rate_limit", "status": 429}, 429, "API rate limit exceeded", ("x-ratelimit-remaining", "0")),
        ({"fault": "secondary_limit", "seconds": 7}, 403, "You have exceeded a secondary", ("retry-after", "7")),
        ({"fault": "secondary_limit", "status": 429}, 429, "You have exceeded a secondary", ("retry-after", "1")),
    ],
)
async def test_refusals_on_order_are_githubs(
    client: httpx.AsyncClient, fault: dict[str, Any], status: int, message: str, header: tuple[str, str]
) -> None:
    """Each has GitHub's message, the status in its body too, and the headers that clients go by."""
    await _order(client, **fault)
    reply = await client.get(ISSUE)
    assert (reply.status_code, reply.json()["status"]) == (status, str(status))
    assert reply.json()["message"].startswith(message)
    assert reply.headers[header[0]] == header[1]


async def test_refusals_of_access_are_githubs(client: httpx.AsyncClient) -> None:
    """A limit that names no seconds, single sign-on and a repository taken down have GitHub's bodies and headers."""
    await _order(client, fault="secondary_limit", seconds=0)
    assert "retry-after" not in (await client.get(ISSUE)).headers
    await _order(client, fault="single_sign_on")
    reply = await client.get(ISSUE)
    assert reply.status_code == 403
    assert reply.headers["x-github-sso"].startswith("required; url=https://github.com/orgs/octocat/sso?")
    await _order(client, fault="access_blocked")
    reply = await client.get(ISSUE)
    assert (reply.status_code, reply.json()["block"]["reason"]) == (451, "dmca")


async def test_labels_are_dropped(client: httpx.AsyncClient) -> None:
    """`drop_labels` answers 200 and leaves the labels as they were."""
    await _order(client, fault="drop_labels", match={"method": "PATCH"})
    reply = await client.patch(ISSUE, json={"labels": ["bug"], "title": "New"})
    assert (reply.status_code, reply.json()["labels"], reply.json()["title"]) == (200, [], "New")
