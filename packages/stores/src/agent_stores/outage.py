"""How long whoever follows something waits for a database that is away."""

import time

PATIENCE_SECONDS = 60.0
AGAIN_SECONDS = 1.0


class Absence:
    """Says once that a database is away, once that it is back, and when to wait no longer."""

    def __init__(self) -> None:
        self.seconds = PATIENCE_SECONDS
        self._since: float | None = None

    @property
    def too_long(self) -> bool:
        """Whether it has been away for as long as one waits."""
        return self._since is not None and time.monotonic() - self._since >= self.seconds

    def begins(self) -> bool:
        """Note that it did not answer; true for the first time of an absence."""
        if self._since is not None:
            return False
        self._since = time.monotonic()
        return True

    def ends(self) -> bool:
        """Note that it answered; true for the first time after an absence."""
        was_away, self._since = self._since is not None, None
        return was_away
