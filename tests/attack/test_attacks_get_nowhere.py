"""The short form of `make attack`: each case ran its hostile step, and nothing got through."""

from collections.abc import Mapping

import pytest
from attack.case import Case, load
from attack.outcome import Outcome

pytestmark = [pytest.mark.attack, pytest.mark.e2e, pytest.mark.cli, pytest.mark.timeout(240)]
"""The first test waits for the whole battery."""
SHORT = load(short=True)


@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.id)
def test_the_attack_is_blocked(case: Case, outcomes: Mapping[str, Outcome]) -> None:
    """Every attempt of the case was made and refused."""
    outcome = outcomes[case.id]
    if outcome.waits_for:
        pytest.skip(f"waits for {outcome.waits_for}: add it to READY in tests/attack/case.py once it is there")
    assert outcome.blocked == outcome.attempts, "\n".join(outcome.told)


def test_there_are_enough_cases() -> None:
    """The battery holds at least 60 cases, a third of them in the short form."""
    cases = load()
    assert len(cases) >= 60
    assert len(SHORT) >= 20
    assert len({case.id for case in cases}) == len(cases)
