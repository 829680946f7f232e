"""Tool calls, in table `gateway.tool_calls`: one row for each call of a task whose budget bounds their number."""

from uuid import UUID

from agent_stores.pool import Executor


async def count_call(conn: Executor, task: UUID, call: str, *, most: int) -> bool:
    """Count a tool call of a task, over all its attempts. Each call counts once.

    Args:
        conn: a connection or a pool.
        task: the task.
        call: identifies the call within the task; one call may make several requests.
        most: how many the task may make.

    Returns:
        Whether the task may make this call.
    """
    allowed: bool = await conn.fetchval("select gateway.count_call($1, $2, $3)", task, call, most)
    return allowed
