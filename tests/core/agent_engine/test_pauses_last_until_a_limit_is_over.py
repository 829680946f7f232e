"""The pause before the next attempt doubles, lasts until a vendor's limit is over, and ends before the deadline."""

import pytest
from agent_engine.engines.outcome import Failure
from agent_engine.finalizer import LONGEST_ASKED_SECONDS, SPREAD_SECONDS, pause_before_next


def pause(seconds: float | None, *, left: float | None = None, attempt: int = 1, first: float = 10) -> float | None:
    """Give a pause for a failure that asks to wait for so many seconds."""
    return pause_before_next(Failure("rate", "", seconds), attempt, first_seconds=first, left=left)


@pytest.mark.parametrize("attempt", [1, 2, 9])
def test_it_lasts_until_the_limit_is_over(attempt: int) -> None:
    """The next attempt begins after the limit, within half a minute: not all that waited begin at once."""
    found = pause(2900, attempt=attempt)
    assert found is not None
    assert 2900 < found <= 2900 + SPREAD_SECONDS


def test_what_a_vendor_asks_is_bounded() -> None:
    """A task without a deadline does not wait for days because a vendor says so."""
    found = pause(999_999)
    assert found is not None
    assert LONGEST_ASKED_SECONDS < found <= LONGEST_ASKED_SECONDS + SPREAD_SECONDS


def test_it_leaves_time_before_the_deadline() -> None:
    """A deadline that is near shortens the pause, never below the limit's end."""
    assert pause(None, left=10) == 5
    assert pause(None, left=-1) == 0
    assert pause(100, left=110) == 105


def test_a_limit_beyond_the_deadline_ends_the_task() -> None:
    """Nobody waits for what comes too late."""
    assert pause(100, left=100) is None
    assert pause(100, left=5) is None
