"""docs/security.md names cases and tests; each is there, and each class of cases is named."""

import re

from attack.case import CASES
from house.paths import ROOT

PAGE = (ROOT / "docs/security.md").read_text()
NAMED = re.findall(r"`([^`\s]+)`", PAGE)


def test_every_case_and_test_that_is_named_exists() -> None:
    """A promise does not rest on something that is gone."""
    cases = [name for name in NAMED if (CASES / name.partition("/")[0]).is_dir()]
    assert len(cases) >= 20
    assert [name for name in cases if not (CASES / name).is_dir()] == []
    assert [
        name for name in NAMED if name.startswith("tests/") and "CLASS" not in name and not (ROOT / name).exists()
    ] == []


def test_every_class_of_cases_is_named() -> None:
    """No case is without a promise."""
    classes = {path.name for path in CASES.iterdir() if path.is_dir()}
    assert classes - {name.partition("/")[0] for name in NAMED} == set()
