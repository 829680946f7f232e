"""The budget of tool calls: counted over all attempts of a task, each call once however many requests it makes."""

from uuid import uuid4

import agent_effects
import asyncpg
from agent_stores.pool import DATABASE_ERRORS
from service_kit.log import get_logger

from api_kit.callers import Caller
from api_kit.errors import Refusal


async def count_tool_call(pool: asyncpg.Pool, caller: Caller) -> None:
    """Count the tool call that a request belongs to; without X-Agent-Call the request is a call of its own.

    Only the requests of tasks whose token bounds their tool calls cost a query.

    Raises:
        Refusal: `budget_tool_calls`: the budget is used up; `effects_unavailable`: there is no database to ask.
    """
    if caller.task is None or caller.tool_calls is None:
        return
    call = caller.call or uuid4().hex
    try:
        allowed = await agent_effects.count_call(pool, caller.task, call, most=caller.tool_calls)
    except DATABASE_ERRORS as error:
        get_logger(__name__).error("calls_not_counted", error=str(error) or type(error).__name__)
        raise Refusal("effects_unavailable", "the tool call cannot be counted, so nothing is sent") from error
    if not allowed:
        message = f"task {caller.task} has used up its budget of {caller.tool_calls} tool calls (budget.tool_calls)"
        raise Refusal("budget_tool_calls", message)
