"""A battery that finds nothing must be able to find something: planted holes are reported, and so is what never ran."""

from collections.abc import Mapping

import pytest
from attack.outcome import Outcome, held, table

pytestmark = [pytest.mark.attack, pytest.mark.e2e, pytest.mark.cli, pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    ("hole", "says"),
    [
        ("holes-grant-opens-the-victim", "was changed"),
        ("holes-gate-that-is-open", "answered 200"),
        ("holes-canary-in-the-workspace", "the canary of the file came to"),
        ("holes-claims-a-true-ref", "status 'succeeded'"),
    ],
)
def test_what_gets_through_is_reported(hole: str, says: str, outcomes: Mapping[str, Outcome]) -> None:
    """Where the house allows the thing, the case counts as got through, with what happened, and the exit is 1."""
    outcome = outcomes[hole]
    assert outcome.through == 1, outcome
    assert any(says in line for line in outcome.told), outcome.told
    assert not held([outcome])
    assert table([outcome]).splitlines()[-1] == f"attempts {outcome.attempts}, got through 1"


@pytest.mark.parametrize(
    ("hole", "says"),
    [
        ("holes-step-never-runs", "not seen: tool 'Bash'"),
        ("holes-task-is-refused", "not seen: tool 'issue_read'"),
        ("holes-gate-that-is-a-wall", "should pass"),
    ],
)
def test_what_never_ran_is_no_success(hole: str, says: str, outcomes: Mapping[str, Outcome]) -> None:
    """A case whose hostile step never ran, or whose gate refuses everybody, counts as not run, and the exit is 1."""
    outcome = outcomes[hole]
    assert (outcome.through, outcome.missing) == (0, outcome.attempts), outcome
    assert any(says in line for line in outcome.told), outcome.told
    assert not held([outcome])
    assert table([outcome]).splitlines()[-1].endswith(f"got through 0, not run {outcome.attempts}")


def test_only_what_ran_and_was_blocked_holds() -> None:
    """Nothing tried is no success either, and what waits counts nowhere."""
    blocked, waiting = Outcome("a-b", "a", attempts=3), Outcome("a-c", "a", waits_for="cgroup")
    assert held([blocked, waiting])
    assert not held([waiting])
    assert not held([])
    assert table([blocked, waiting]).splitlines()[-1] == "attempts 3, got through 0"
