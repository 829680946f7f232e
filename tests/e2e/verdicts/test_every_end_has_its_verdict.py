"""The verdict on every way in which a run of the real CLI can end, through the whole house."""

import re
from collections.abc import Mapping

import pytest

from e2e.verdicts.cases import CASES, Case
from e2e.verdicts.ground import Outcome


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_end_has_its_verdict(case: Case, outcomes: Mapping[str, Outcome]) -> None:
    """Status, reason and message say how it ended."""
    result = outcomes[case.name].result
    shown = f"{result.status} ({result.reason}): {result.message}\n{result.output}"
    assert (result.reason or result.status) == case.verdict, shown
    assert result.status == ("succeeded" if case.verdict == "succeeded" else "failed"), shown
    assert re.search(case.says, result.message), shown
