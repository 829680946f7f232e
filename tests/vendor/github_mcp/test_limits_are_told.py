"""GitHub's own headers tell what is left of which limit."""

from datetime import UTC, datetime

import pytest
from github_mcp.rate_limit import limit_of
from mcp_kit.reply_meta import LIMITS, VendorLimit
from service_kit.http import Reply
from vendor.github_mcp.conftest import HELLO, OpenTools


@pytest.mark.parametrize(
    ("tool", "asked", "bucket"),
    [
        ("issue_read", {"issue": 1}, "core"),
        ("search_issues", {"query": "crash"}, "search"),
        ("list_pull_requests", {}, "graphql"),
    ],
)
async def test_a_result_tells_the_limit_that_it_counted_in(
    open_tools: OpenTools, tool: str, asked: dict[str, object], bucket: str
) -> None:
    """REST, search and GraphQL each have a limit of their own: `_meta` says which, and how much of it is left."""
    client = await open_tools()
    first, second = [await client.call_tool_mcp(tool, {"repository": HELLO, **asked}) for _ in range(2)]
    assert first.meta is not None
    assert second.meta is not None
    (before,), (after,) = first.meta[LIMITS], second.meta[LIMITS]
    assert (before["bucket"], after["remaining"]) == (bucket, before["remaining"] - 1)
    assert after["limit"] > after["remaining"]
    assert datetime.fromisoformat(after["reset"]) > datetime.now(UTC)


@pytest.mark.bad_input
@pytest.mark.parametrize(("name", "value"), [("remaining", "-1"), ("remaining", "many"), ("reset", "9" * 40)])
def test_headers_of_another_form_tell_nothing(name: str, value: str) -> None:
    """A proxy's or an old server's odd headers are no limit, and no error."""
    reply = Reply.made(200, b"", "application/json")
    reply.headers.update({f"x-ratelimit-{one}": "10" for one in ("remaining", "limit", "reset")})
    assert limit_of(reply) == VendorLimit("core", 10, 10, datetime.fromtimestamp(10, UTC))
    reply.headers[f"x-ratelimit-{name}"] = value
    assert limit_of(reply) is None
