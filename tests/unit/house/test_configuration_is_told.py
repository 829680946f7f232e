"""scripts/check_configuration.py: a vendor whose packages are not there yet is told in one line."""

from dataclasses import replace

import check_configuration
import pytest
from agent_vendors.github import GITHUB
from house.option_check import settings_of


@pytest.mark.parametrize(("name", "title"), [("pager", "Pager"), ("github", "Pager")])
def test_a_missing_package_is_named(
    name: str, title: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No package, or no settings of the vendor's title in it: one line says what is missing and what to do."""
    pager = replace(GITHUB, name=name, title=title)
    monkeypatch.setitem(check_configuration.PROCESSES, "pager-api", settings_of([pager])[pager.api])
    assert check_configuration.main() == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "pager-api" in line or "PagerApiSettings" in line
    assert "make both packages" in line
