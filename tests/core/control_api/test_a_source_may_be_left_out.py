"""The source of triggers and dry runs that name none."""

from dataclasses import replace

import pytest
from agent_vendors import Vendor
from agent_vendors.github import GITHUB
from control_api.sources import registry

SILENT = replace(GITHUB, name="silent", webhook_source=None)
SECOND = replace(GITHUB, name="second", webhook_source="second")


@pytest.mark.parametrize(
    ("vendors", "source"), [((GITHUB, SILENT), "github"), ((GITHUB, SECOND), "")], ids=["one", "several"]
)
def test_it_is_the_only_vendor_s(vendors: tuple[Vendor, ...], source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where several vendors send webhooks no source is taken for meant: the trigger has to name it."""
    monkeypatch.setattr(registry, "load", lambda: vendors)
    assert registry.default_source() == source
