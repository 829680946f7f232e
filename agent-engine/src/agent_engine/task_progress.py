"""The progress of a task over all its attempts: how many turns and tools its agent used, and what it said last."""

from agent_contracts.event import Body, RetryEvent, Text, ToolCall, ToolResult, UsageEvent

MOST_CHARACTERS = 20_000


class TaskProgress:
    """Watches a task's events, in their order."""

    def __init__(self) -> None:
        self._turns: dict[int, int] = {}
        self._texts: list[str] = []
        self._speaking: int | None = None
        self.calls = 0
        self.ended: str | None = None
        """Why the last attempt was not the last one."""

    @property
    def turns(self) -> int:
        """How many turns the agent took."""
        return sum(self._turns.values())

    @property
    def words(self) -> str | None:
        """What it said last: texts of one attempt that no tool's answer divides; their end, where they are long."""
        return "\n\n".join(self._texts).strip()[-MOST_CHARACTERS:] or None

    def observe(self, attempt: int, body: Body) -> None:
        """Take an event of an attempt."""
        if isinstance(body, Text) and body.text.strip():
            if self._speaking != attempt:
                self._texts.clear()
            self._speaking = attempt
            self._texts.append(body.text)
        elif isinstance(body, ToolResult):
            self._speaking = None
        elif isinstance(body, RetryEvent):
            self.ended = body.message
        elif isinstance(body, ToolCall):
            self.calls += 1
        elif isinstance(body, UsageEvent):
            self._turns[attempt] = max(self._turns.get(attempt, 0), body.usage.turns)
