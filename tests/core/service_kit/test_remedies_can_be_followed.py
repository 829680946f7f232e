"""Whoever installed a command as a package is told nothing that only a checkout has."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from control_api.webhooks.triggers import read_triggers
from service_kit import checkout
from service_kit.access import read_access
from service_kit.errors import ConfigError
from service_kit.keys import read_private, read_public, require_private

CHECKOUTS_OWN = re.compile(r"make (init|up|down|logs)|scripts/|\bvar/")


@pytest.mark.parametrize(
    "read", [read_access, read_private, read_public, require_private, lambda path: read_triggers(path, {})]
)
@pytest.mark.parametrize("folder", [False, True])
def test_a_file_that_is_missing_is_told_as_it_can_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], object], *, folder: bool
) -> None:
    """Neither `make` nor `scripts/` nor `var/` is named where there is no checkout."""
    wanted = tmp_path / "wanted"
    if folder:
        wanted.mkdir()
    monkeypatch.setattr("service_kit.checkout.ROOT", tmp_path)
    with pytest.raises((ConfigError, OSError)) as error:
        read(wanted)
    assert CHECKOUTS_OWN.search(str(error.value)) is None


def test_in_a_checkout_the_command_is_named(tmp_path: Path) -> None:
    """`make init` is the shortest way to a first access file."""
    with pytest.raises(ConfigError, match=r"^ACCESS_FILE=.* does not exist: make it with `make init`$"):
        read_access(tmp_path / "access.yaml")


def test_a_package_in_a_short_folder_is_no_checkout() -> None:
    """A container may have its packages right below `/`, and they start there."""
    names: dict[str, Any] = {"__file__": "/service_kit/checkout.py"}
    exec(Path(checkout.__file__).read_text(), names)
    assert names["remedy"](checkout="make", package="write it") == "write it"


def test_no_message_of_a_package_names_what_only_a_checkout_has() -> None:
    """`make` stands only in remedies for a checkout, in what a stand-in says, and in docstrings."""
    root = Path(__file__).parents[3]
    told = []
    for part in ("packages", "mcp-servers", "api-services", "agent-engine"):
        for path in sorted((root / part).glob("**/src/**/*.py")):
            text = re.sub(r"checkout=\"[^\"]*\"", "", path.read_text())
            told += [f"{path.name}: {line.strip()}" for line in text.splitlines() if "`make " in line]
    assert told == []
