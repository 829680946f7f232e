"""A gateway counts a task's tool calls in the database: over all its instances and attempts."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from agent_contracts import Grant
from agent_stores.pool import open_pool
from api_kit.budget import count_tool_call
from api_kit.callers import Caller
from api_kit.errors import Refusal


def caller(**changes: Any) -> Caller:
    """Make the caller of a task that may call two tools."""
    made = Caller("github-mcp", "default", Grant(), task=uuid4(), attempt=1, tool="issue_read", tool_calls=2)
    return replace(made, **changes)


async def test_requests_of_one_call_count_once_and_the_third_call_is_402(pool: asyncpg.Pool) -> None:
    """A call's further requests pass; the first one of a call too many is refused by name."""
    who = caller()
    for name in ("a", "a", "b", "b"):
        await count_tool_call(pool, replace(who, call=name))
    with pytest.raises(Refusal) as refused:
        await count_tool_call(pool, replace(who, call="c", attempt=2))
    assert (refused.value.reason, refused.value.status) == ("budget_tool_calls", 402)
    assert "used up its budget of 2 tool calls (budget.tool_calls)" in refused.value.message
    await count_tool_call(pool, replace(who, call="a"))


async def test_a_request_without_a_calls_name_is_a_call(pool: asyncpg.Pool) -> None:
    """A server that names no calls gains nothing by it."""
    who = caller()
    await count_tool_call(pool, who)
    await count_tool_call(pool, who)
    with pytest.raises(Refusal):
        await count_tool_call(pool, who)


async def test_without_the_database_nothing_passes_that_must_be_counted(database_url: str) -> None:
    """Where it cannot be counted it is 503; what has no such budget does not ask the database."""
    pool = await open_pool(database_url, size=1, application="tests")
    pool.terminate()
    with pytest.raises(Refusal) as refused:
        await count_tool_call(pool, caller())
    assert refused.value.reason == "effects_unavailable"
    await count_tool_call(pool, caller(tool_calls=None))
    await count_tool_call(pool, caller(task=None))
