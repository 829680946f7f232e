"""Tool calls, in table `gateway.tool_calls`: one row for each call of a task whose budget bounds their number."""

from uuid import UUID

from agent_stores.pool import Executor


async def count_call(conn: Executor, task: UUID, call: str, *, most: int) -> bool:
    """Count a tool call of a task, over all its attempts; return whether it is among the `most` that the task may make.

    `call` identifies it within the task: one call may make several requests, and counts once.
    """
    allowed: bool = await conn.fetchval("select gateway.count_call($1, $2, $3)", task, call, most)
    return allowed
