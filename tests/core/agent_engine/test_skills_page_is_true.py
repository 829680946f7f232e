"""The page on skills: its example is a skill that passes the check, and its table is the settings."""

import re
from pathlib import Path

from agent_engine.skills.check import check
from agent_engine.skills.format import SETTING_NAMES
from agent_engine.skills.load import read_skill
from core.agent_engine.skill_folder import VENDORS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "skills.md").read_text(encoding="utf-8")


def test_example_passes_the_check(tmp_path: Path) -> None:
    """The skill that the page writes is a good one."""
    blocks = re.findall(r"```(?:yaml|json)\n(.*?)```", PAGE, re.DOTALL)
    folder = tmp_path / "label-check"
    folder.mkdir()
    for name, block in zip(("SKILL.md", "input.schema.json", "output.schema.json"), blocks, strict=True):
        (folder / name).write_text(block, encoding="utf-8")
    assert check(read_skill(folder), VENDORS) == []


def test_table_names_every_setting() -> None:
    """The table has every setting that there is, and no other."""
    table = PAGE.split("## Settings under `metadata`")[1].split("## ")[0]
    named = {
        name for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall(r"`([a-z-]+)`", row)
    }
    assert named == SETTING_NAMES
