"""A gateway counts a task's tool calls in the database: over all its instances and attempts."""

from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
from agent_contracts import Grant
from agent_stores.pool import open_pool
from api_kit.budget import ToolCalls
from api_kit.callers import Caller
from api_kit.errors import Refusal


def caller(**changes: object) -> Caller:
    """Make the caller of a task that may call two tools."""
    made = Caller("github-mcp", "default", Grant(), task=uuid4(), attempt=1, tool="issue_read", tool_calls=2)
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_requests_of_one_call_count_once_and_the_third_call_is_402(pool: asyncpg.Pool) -> None:
    """A call's further requests pass, in any instance; the first one of a call too many is refused by name."""
    one, other, who = ToolCalls(pool), ToolCalls(pool), caller()
    for calls, name in ((one, "a"), (one, "a"), (other, "b"), (one, "b")):
        await calls.count(replace(who, call=name))
    with pytest.raises(Refusal) as refused:
        await other.count(replace(who, call="c", attempt=2))
    assert (refused.value.reason, refused.value.status) == ("budget_tool_calls", 402)
    assert "used up its budget of 2 tool calls (budget.tool_calls)" in refused.value.message
    await one.count(replace(who, call="a"))


async def test_a_request_without_a_calls_name_is_a_call(pool: asyncpg.Pool) -> None:
    """A server that names no calls gains nothing by it."""
    calls, who = ToolCalls(pool), caller()
    await calls.count(who)
    await calls.count(who)
    with pytest.raises(Refusal):
        await calls.count(who)


async def test_without_the_database_nothing_passes_that_must_be_counted(database_url: str) -> None:
    """Where it cannot be counted it is 503; what has no such budget does not ask the database."""
    pool = await open_pool(database_url, size=1, application="tests")
    pool.terminate()
    calls = ToolCalls(pool)
    with pytest.raises(Refusal) as refused:
        await calls.count(caller())
    assert refused.value.reason == "effects_unavailable"
    await calls.count(caller(tool_calls=None))
    await calls.count(caller(task=None))
