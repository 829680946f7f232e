"""scripts/check_configuration.py: a vendor whose packages are not there yet is told in one line."""

import check_configuration
import pytest


@pytest.mark.parametrize("place", ["pager_api.settings:PagerApiSettings", "github_api.settings:PagerApiSettings"])
def test_a_missing_package_is_named(
    place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No package, or no settings of the vendor's title in it: one line says what is missing and what to do."""
    monkeypatch.setitem(check_configuration.PROCESSES, "pager-api", place)
    assert check_configuration.main() == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "pager_api" in line or "PagerApiSettings" in line
    assert "make both packages" in line
