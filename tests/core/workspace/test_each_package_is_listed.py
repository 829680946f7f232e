"""Lists that a new package is easily left out of: import rules, type checks, dependencies. Names that packages list."""

import configparser
import importlib
import tomllib
from pathlib import Path

import pytest
from agent_vendors import load

VENDORS = load()

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MEMBERS = [
    path for each in PROJECT["tool"]["uv"]["workspace"]["members"] for path in ROOT.glob(f"{each}/pyproject.toml")
]
RULES = configparser.ConfigParser()
RULES.read(ROOT / ".importlinter")


PACKAGES = sorted(path.parent.name for member in MEMBERS for path in member.parent.glob("src/*/__init__.py"))


def test_import_rules_know_every_package() -> None:
    """What is not among the root packages is checked by no contract."""
    assert sorted(RULES["importlinter"]["root_packages"].split()) == PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_each_listed_name_exists(package: str) -> None:
    """A package has every name of its `__all__`."""
    module = importlib.import_module(package)
    assert [name for name in getattr(module, "__all__", []) if not hasattr(module, name)] == []


def test_each_contract_holds_for_every_vendor() -> None:
    """A contract's list that names one vendor's server or gateway names every vendor's."""
    for kind in ("mcp", "api"):
        every = {f"{vendor.name.replace('-', '_')}_{kind}" for vendor in VENDORS}
        for section in RULES.sections():
            for option, value in RULES[section].items():
                named = every & set(value.split())
                assert named in (set(), every), f"{section}: {option} lacks {', '.join(sorted(every - named))}"


def test_types_are_checked_of_every_package() -> None:
    """Each member's source is where mypy looks for it."""
    sources = {f"{member.parent.relative_to(ROOT)}/src" for member in MEMBERS}
    assert sources <= set(PROJECT["tool"]["mypy"]["mypy_path"])


def test_the_house_installs_every_package() -> None:
    """Each member is a dependency of the workspace, and is taken from here."""
    names = {tomllib.loads(member.read_text())["project"]["name"] for member in MEMBERS}
    depended = {dependency.partition("[")[0] for dependency in PROJECT["project"]["dependencies"]}
    assert (names - depended, names ^ set(PROJECT["tool"]["uv"]["sources"])) == (set(), set())
