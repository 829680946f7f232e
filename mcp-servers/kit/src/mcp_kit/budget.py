"""The budget of tool calls, as far as this process sees them: a gateway counts those of all processes."""

from uuid import UUID

from mcp_kit.caller import Caller
from mcp_kit.errors import ToolFailed

MOST_TASKS = 10_000


class BudgetUsed(ToolFailed):
    """The model comes to its end: the task may call no more tools."""

    outcome = "budget"


class ToolCalls:
    """Counts the calls of tasks whose token bounds their number, over all attempts; the oldest tasks are forgotten."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, UUID], int] = {}

    def take(self, caller: Caller) -> None:
        """Count a call, or raise BudgetUsed."""
        task = caller.task
        if task is None or task.tool_calls is None:
            return
        key = (task.tenant, task.task)
        made = self._calls[key] = self._calls.pop(key, 0) + 1
        if len(self._calls) > MOST_TASKS:
            del self._calls[next(iter(self._calls))]
        if made > task.tool_calls:
            raise BudgetUsed(
                f"The task has used up its budget of {task.tool_calls} tool calls (budget.tool_calls); "
                "nothing was sent.",
                next_step="Call no more tools: answer with what you have, and say what is missing.",
            )
