"""Skills: read in the Agent Skills format, forgiving what a reader may forgive and nothing that loosens a run."""

import re
from pathlib import Path

import pytest
from agent_engine.errors import SkillError
from agent_engine.skills.format import UnreadableSkill
from agent_engine.skills.load import load_registry, read_skill, shipped_folder, snapshot
from core.agent_engine.skill_folder import make_skill, write_skill


def test_settings_are_strings_or_plain_yaml(tmp_path: Path) -> None:
    """Metadata may be strings, as the format wants, or plain YAML: the settings are the same."""
    place = write_skill(tmp_path)
    strings = make_skill(tmp_path / "a", max_turns="7", servers="github")
    text = (place / "SKILL.md").read_text().replace("servers: github", "servers: [github]\n  max-turns: 7")
    (place / "SKILL.md").write_text(text)
    assert read_skill(place).settings == strings.settings
    assert strings.settings.max_turns == 7


def test_format_errors_are_warnings(tmp_path: Path) -> None:
    """A wrong name and unknown fields do not keep a skill from being loaded."""
    skill = make_skill(tmp_path, front={"name": "other", "version": 2})
    assert skill.name == "other"
    assert "its name 'other' is not its folder's" in skill.warnings
    assert skill.problems == ()


@pytest.mark.parametrize("front", [{"description": None}, {"description": "  "}])
def test_without_description_it_is_skipped(tmp_path: Path, front: dict[str, str | None]) -> None:
    """A skill without a description is skipped with a warning, and the others are loaded."""
    write_skill(tmp_path, "first", front=front)
    write_skill(tmp_path, "second")
    registry = load_registry([tmp_path])
    assert list(registry.skills) == ["second"]
    assert "it has no description" in registry.warnings[0]


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"max_turns": "many"}, "metadata.max-turns"),
        ({"grant": "github: ["}, "not YAML"),
        ({"grant": "github: {tools: [issue_read], mode: read, mode: write}"}, "mode: this key is given twice"),
        ({"grant": "github: {tools: ['Issue Read']}"}, "metadata.grant.github.tools"),
        ({"required_tools": "issue_read"}, "server/tool"),
        ({"input_schema": "missing.json"}, "missing.json"),
    ],
)
def test_unusable_settings_are_problems(tmp_path: Path, metadata: dict[str, str], said: str) -> None:
    """A setting that cannot be used is a problem, and a skill with problems is not run with looser ones."""
    skill = make_skill(tmp_path, **metadata)
    assert any(said in problem for problem in skill.problems)


def test_misspelt_setting_is_named(tmp_path: Path) -> None:
    """A setting that is nearly one of ours is warned of with the right name."""
    skill = make_skill(tmp_path, **{"required-tool": "github/issue_read"})
    assert skill.warnings == ("metadata.required-tool is not a setting: did you mean required-tools?",)


def test_version_follows_every_file(tmp_path: Path) -> None:
    """The version changes with any file of the skill, and with no file of its scenarios."""
    place = write_skill(tmp_path)
    first = read_skill(place).version
    (place / "scenarios").mkdir()
    (place / "scenarios" / "a.yaml").write_text("steps: []")
    assert read_skill(place).version == first
    (place / "references").mkdir()
    (place / "references" / "how.md").write_text("Like this.")
    assert read_skill(place).version != first


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link in a skill's folder brings nothing in."""
    place = write_skill(tmp_path)
    (place / "passwd").symlink_to("/etc/passwd")
    assert read_skill(place).files == {}


def test_snapshot_keeps_what_was_loaded(tmp_path: Path) -> None:
    """A run sees a skill's files as they were when it was loaded, and neither SKILL.md nor schemas."""
    place = write_skill(tmp_path / "skills")
    (place / "references").mkdir()
    (place / "references" / "how.md").write_text("Like this.")
    skill = read_skill(place)
    (place / "references" / "how.md").write_text("Like that.")
    kept = snapshot(skill, tmp_path / "kept")
    assert kept is not None
    assert [path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()] == ["references/how.md"]
    assert (kept / "references" / "how.md").read_text() == "Like this."
    assert snapshot(skill, tmp_path / "kept") == kept


def test_folders_without_a_skill_are_named(tmp_path: Path) -> None:
    """A folder that holds no SKILL.md is a warning, a hidden one is none."""
    write_skill(tmp_path / "skills")
    (tmp_path / "skills" / "draft").mkdir()
    (tmp_path / "skills" / ".git").mkdir()
    (tmp_path / "none").mkdir()
    assert load_registry([tmp_path / "skills", tmp_path / "none"]).warnings == (
        f"{tmp_path}/skills/draft: skipped: it holds no SKILL.md",
        f"{tmp_path}/none holds no SKILL.md, and no folder in it does",
    )


@pytest.mark.bad_input
def test_two_skills_of_one_name_are_refused(tmp_path: Path) -> None:
    """Two skills of one name are an error that names both folders."""
    write_skill(tmp_path / "a")
    write_skill(tmp_path / "b")
    with pytest.raises(SkillError, match=r"two skills are named 'look': .*/a/look and .*/b/look"):
        load_registry([tmp_path / "a", tmp_path / "b"])


def test_missing_folder_is_named() -> None:
    """A folder of SKILLS_PATH that is missing is named with the remedy."""
    with pytest.raises(SkillError, match="/nowhere is not a folder of skills"):
        load_registry([Path("/nowhere")])
    with pytest.raises(
        SkillError, match=rf"no-such \(relative, so looked for in {re.escape(str(Path.cwd()))}\) is not"
    ):
        load_registry([Path("no-such")])


@pytest.mark.parametrize(
    "text", ["", "# no front matter", "---\n- a list\n---\nbody", "---\n: [\n---\nbody", "---\na: 1\na: 2\n---\nb"]
)
def test_without_front_matter_it_is_no_skill(tmp_path: Path, text: str) -> None:
    """A file without a YAML mapping in front is no skill."""
    (tmp_path / "SKILL.md").write_text(text)
    with pytest.raises(UnreadableSkill):
        read_skill(tmp_path)


def test_shipped_skills_load_without_a_word() -> None:
    """The shipped skills load with neither warning nor problem."""
    registry = load_registry([shipped_folder()])
    assert "issue-triage" in registry.skills
    assert registry.warnings == ()
