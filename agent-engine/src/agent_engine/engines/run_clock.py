"""The clocks that end a run: how long it takes, how long it says nothing, how long it stays after its answer."""

import asyncio
from typing import Literal

ANSWER_GRACE_SECONDS = 5.0
"""How long an agent that has given its whole answer may take to end by itself."""


class RunClock:
    """Counts from its making."""

    def __init__(
        self, *, wall_seconds: float, idle_seconds: float, answer_seconds: float = ANSWER_GRACE_SECONDS
    ) -> None:
        self._answer = answer_seconds
        self._wall = wall_seconds
        self._idle = idle_seconds
        self._now = asyncio.get_running_loop().time
        self._began = self._heard = self._now()

    def hear(self) -> None:
        """Note that the agent has just said something."""
        self._heard = self._now()

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return self._now() - self._began

    def due(self, *, answered: bool = False) -> tuple[float, Literal["wall", "idle", "answer"]]:
        """Give in how many seconds the run is ended unless it says something, and why; 0 or less is now.

        Args:
            answered: whether the agent has given its whole answer.
        """
        wall = self._began + self._wall
        if answered:
            return min(self._heard + self._answer, wall) - self._now(), "answer"
        idle = self._heard + self._idle
        return (idle - self._now(), "idle") if idle < wall else (wall - self._now(), "wall")
