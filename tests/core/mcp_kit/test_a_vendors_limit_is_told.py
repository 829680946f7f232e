"""What a vendor tells beside its reply goes into the result's `_meta`, and nothing of it into the text."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from core.mcp_kit.corkboard import Corkboard
from mcp_kit.reply_meta import CACHE, LIMITS, ReplyMeta, VendorLimit
from mcp_types import CallToolResult

NOTE = {"id": 7, "text": "milk"}


@pytest.fixture
async def corkboard() -> AsyncIterator[Corkboard]:
    """The running vendor."""
    async with Corkboard().running() as running:
        yield running


def _ours(result: CallToolResult) -> dict[str, Any]:
    """Give what the kit says, without what the protocol's library adds."""
    return {name: value for name, value in (result.meta or {}).items() if name.startswith("agent-bot/")}


async def test_meta_tells_what_is_left(corkboard: Corkboard) -> None:
    """The limit's bucket, rest and reset are told, of a refused call too; the text is as without them."""
    async with corkboard.tools() as client:
        results = []
        for document, status, headers in (
            ([NOTE], 200, {}),
            ([NOTE], 200, {"x_left": "7"}),
            ({}, 404, {"x_left": "6"}),
        ):
            corkboard.says(document, status, **headers)
            results.append(await client.call_tool_mcp("list_notes", {"board": "team"}))
    silent, told, refused = results
    assert _ours(silent) == {}
    reset = {"reset": "2026-01-02T03:04:05Z"}
    assert _ours(told) == {LIMITS: [{"bucket": "notes", "remaining": 7, **reset}]}
    assert (refused.is_error, _ours(refused)) == (True, {LIMITS: [{"bucket": "notes", "remaining": 6, **reset}]})
    assert "agent-bot" not in "".join(getattr(content, "text", "") for content in told.content)


async def test_meta_tells_what_came_from_a_cache(corkboard: Corkboard) -> None:
    """A reply that the gateway kept is counted; without its word, or by a vendor's, nothing is said of caches."""
    async with corkboard.tools(CORKBOARD_GATEWAY="true") as client:
        corkboard.says([NOTE], x_agent_cache="revalidated")
        kept = await client.call_tool_mcp("list_notes", {"board": "team"})
        corkboard.says([NOTE])
        fresh = await client.call_tool_mcp("list_notes", {"board": "team"})
    async with corkboard.tools() as client:
        corkboard.says([NOTE], x_agent_cache="revalidated")
        assert _ours(await client.call_tool_mcp("list_notes", {"board": "team"})) == {}
    assert _ours(kept) == {CACHE: {"replies": 1, "from_cache": 1}}
    assert _ours(fresh) == {}


def test_of_each_bucket_the_last_word_counts() -> None:
    """A call of several requests tells each limit that it counted in, once."""
    meta, reset = ReplyMeta(), datetime(2026, 1, 2, tzinfo=UTC)
    for bucket, left in (("core", 9), ("search", 3), ("core", 8)):
        meta.add(VendorLimit(bucket, left, 10, reset), kept=False)
    found = meta.document()
    assert found is not None
    assert [(one["bucket"], one["remaining"], one["limit"]) for one in found[LIMITS]] == [
        ("core", 8, 10),
        ("search", 3, 10),
    ]
