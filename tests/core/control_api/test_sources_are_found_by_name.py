"""Sources of somebody else: an entry point in another distribution, and no change here."""

from pathlib import Path

import pytest
from control_api.sources.registry import FEEDS, installed_sources
from fixtures.chimes import Chimes
from service_kit.errors import ConfigError


def install(site: Path, line: str) -> None:
    """Install a distribution with one feed source."""
    (site / "feeds-1.dist-info").mkdir(parents=True)
    (site / "feeds-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: feeds\nVersion: 1\n")
    (site / "feeds-1.dist-info/entry_points.txt").write_text(f"[{FEEDS}]\n{line}\n")


def test_a_feed_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands beside the sources of webhooks."""
    install(tmp_path, "chimes = fixtures.chimes:Chimes")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = installed_sources()
    assert isinstance(found.feeds["chimes"], Chimes)
    assert {"github", "chimes"} <= found.all.keys()


def test_a_name_has_one_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No feed hides a source of webhooks, as events are known by their source's name."""
    install(tmp_path, "github = fixtures.chimes:Chimes")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError, match="'github' is taken or not its own"):
        installed_sources()
