"""The page on skills: its example is a skill that passes the check, and its table is the settings."""

import re
from pathlib import Path

from agent_engine.skills.check import check
from agent_engine.skills.format import SETTING_NAMES
from agent_engine.skills.load import read_skill
from core.agent_engine.skill_folder import PAGE, VENDORS, write_example


def test_example_passes_the_check(tmp_path: Path) -> None:
    """The skill that the page writes is a good one."""
    assert check(read_skill(write_example(tmp_path)), VENDORS) == []


def test_table_names_every_setting() -> None:
    """The table has every setting that there is, and no other."""
    table = PAGE.split("## Settings under `metadata`")[1].split("## ")[0]
    named = {
        name for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall(r"`([a-z-]+)`", row)
    }
    assert named == SETTING_NAMES
