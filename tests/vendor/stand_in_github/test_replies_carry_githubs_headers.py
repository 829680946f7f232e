"""ETags, rate limits and media types."""

import httpx
import pytest
from stand_ins.github.app import StandInApp

ISSUE = "/repos/octocat/hello-world/issues/1"


async def test_known_etag_gives_304_and_costs_nothing(client: httpx.AsyncClient) -> None:
    """If-None-Match with the present ETag is answered 304 without a body and without counting."""
    first = await client.get(ISSUE)
    again = await client.get(ISSUE, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]


async def test_etag_changes_with_the_content_and_the_token(client: httpx.AsyncClient, github: StandInApp) -> None:
    """A write makes the old ETag stale, and another token's ETag is never taken."""
    github.stand_in.world.add_token("second", "agent-bot")
    first = await client.get(ISSUE)
    other = await client.get(ISSUE, headers={"Authorization": "Bearer second"})
    assert other.headers["etag"] != first.headers["etag"]
    await client.patch(ISSUE, json={"labels": ["bug"]})
    again = await client.get(ISSUE, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200


async def test_used_up_limit_is_403_until_the_reset(client: httpx.AsyncClient) -> None:
    """With nothing remaining GitHub answers 403 and its headers tell so; the search has a limit of its own."""
    await client.put("/_stand-in/rate", json={"remaining": 1, "reset_in": 60})
    assert (await client.get(ISSUE)).headers["x-ratelimit-remaining"] == "0"
    refused = await client.get(ISSUE)
    assert (refused.status_code, refused.json()["message"][:23]) == (403, "API rate limit exceeded")
    assert refused.headers["x-ratelimit-resource"] == "core"
    found = await client.get("/search/issues?q=is:issue")
    assert (found.status_code, found.headers["x-ratelimit-resource"]) == (200, "search")


async def test_media_types(client: httpx.AsyncClient) -> None:
    """A pull request comes as a diff, and a file as its bytes, when the Accept header asks so."""
    diff = await client.get("/repos/octocat/hello-world/pulls/5", headers={"Accept": "application/vnd.github.v3.diff"})
    assert diff.text.startswith("diff --git a/hello/settings.py b/hello/settings.py\nindex ")
    assert "\n--- /dev/null\n+++ b/tests/test_settings.py\n@@ -0,0 +1,6 @@\n" in diff.text
    raw = await client.get(
        "/repos/octocat/hello-world/contents/hello/__init__.py", headers={"Accept": "application/vnd.github.raw+json"}
    )
    assert raw.content == b'"""Greets people."""\n'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer wrong"}, 401),
        ({"X-GitHub-Api-Version": "1999-01-01"}, 400),
        ({"User-Agent": ""}, 403),
    ],
)
async def test_requests_that_are_refused_anywhere(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    """A wrong token, an unknown version of the API and a missing User-Agent are refused."""
    if "User-Agent" in headers:
        del client.headers["User-Agent"]
        headers = {}
    assert (await client.get(ISSUE, headers=headers)).status_code == status
