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
        self._answered: float | None = None

    def hear(self) -> None:
        """Note that the agent has just said something."""
        self._heard = self._now()

    def note_answer(self, *, whole: bool) -> None:
        """Note that the agent has just given its whole answer, or that it goes on after all."""
        self._answered = self._now() if whole else None

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return self._now() - self._began

    def due(self) -> tuple[float, Literal["wall", "idle", "answer"]]:
        """Give in how many seconds the run is ended unless something is noted, and why; 0 or less is now.

        Whatever the agent says after its whole answer gives it no more time.
        """
        wall = self._began + self._wall
        if self._answered is not None:
            return min(self._answered + self._answer, wall) - self._now(), "answer"
        idle = self._heard + self._idle
        return (idle - self._now(), "idle") if idle < wall else (wall - self._now(), "wall")
