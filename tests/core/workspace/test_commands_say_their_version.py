"""Every console command of the workspace says its name and version."""

import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
MEMBERS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
PROJECTS: list[dict[str, Any]] = [
    tomllib.loads((folder / "pyproject.toml").read_text())["project"] for one in MEMBERS for folder in ROOT.glob(one)
]
COMMANDS = [
    pytest.param(name, place, project["version"], id=name)
    for project in PROJECTS
    for name, place in project.get("scripts", {}).items()
]


@pytest.mark.parametrize(("name", "place", "version"), COMMANDS)
def test_every_command_says_its_version(
    name: str, place: str, version: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--version` prints the command's name and its distribution's version, and needs no setting."""
    monkeypatch.setattr(sys, "argv", [name, "--version"])
    with pytest.raises(SystemExit) as ended:
        EntryPoint(name, place, "console_scripts").load()()
    assert (ended.value.code or 0, *capsys.readouterr()) == (0, f"{name} {version}\n", "")


def test_the_commands_are_found() -> None:
    """The test above sees the commands that there are."""
    assert {"agent-engine", "github-mcp", "github-api", "stand-in-model"} <= {one.id for one in COMMANDS}
