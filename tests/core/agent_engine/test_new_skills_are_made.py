"""A new skill of the template passes the check, and is not written over one that is there."""

from pathlib import Path

import pytest
import yaml
from agent_engine.skills.check import check
from agent_engine.skills.load import read_skill
from agent_engine.skills.scaffold import make_skill
from core.agent_engine.commands import Run
from core.agent_engine.skill_folder import VENDORS


def test_a_new_skill_passes_the_check(tmp_path: Path) -> None:
    """It has its name everywhere, and a scenario of its own."""
    skill = read_skill(make_skill("label-check", tmp_path))
    assert check(skill, VENDORS) == []
    assert skill.name == "label-check"
    scenario = yaml.safe_load((tmp_path / "label-check/scenarios/success.yaml").read_text())
    assert (scenario["name"], scenario["skill"]) == ("label-check", "label-check")


@pytest.mark.parametrize("name", ["Label", "label_check", "-x", "x--y", "../x", "", "x" * 65])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is made then."""
    with pytest.raises(ValueError, match="not usable"):
        make_skill(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    """A folder of that name is not written to."""
    (tmp_path / "label-check").mkdir()
    with pytest.raises(ValueError, match="is there already"):
        make_skill("label-check", tmp_path)
    assert list((tmp_path / "label-check").iterdir()) == []


@pytest.mark.parametrize("name", ["issue-triage", "mine"])
def test_a_name_that_a_known_skill_has_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Neither a shipped skill's name nor that of one in SKILLS_PATH is given twice."""
    make_skill("mine", tmp_path / "known")
    monkeypatch.setenv("SKILLS_PATH", str(tmp_path / "known"))
    result = run("skills", "new", name, "--in", str(tmp_path / "more"))
    assert result.exit_code == 2
    assert f"a skill of the name '{name}' is in " in result.output.replace("\n", " ")
    assert not (tmp_path / "more").exists()
