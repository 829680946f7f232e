"""`scripts/engine` says truly what it lacks."""

import os
import subprocess
from pathlib import Path

import pytest
from core.agent_engine.skill_folder import write_skill
from house.lifecycle import House
from house.paths import ROOT
from house.ports import remember
from house.processes import Process
from house.supervise import Supervisor

pytestmark = pytest.mark.apart


def _engine(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    env = environ | {"PATH": os.defpath}
    return subprocess.run(
        [str(ROOT / "scripts/engine"), *words], env=env, capture_output=True, text=True, timeout=50, check=False
    )


@pytest.mark.slow
def test_no_house_yet_is_told(environ: dict[str, str]) -> None:
    """Before `make init` there is no house, and the remedy is to make one."""
    done = _engine(environ, "tasks")
    assert done.returncode == 2
    assert done.stderr.endswith("holds no house yet: run `make init` or `make up`\n")


@pytest.mark.slow
def test_a_lost_access_file_is_told(local: House, environ: dict[str, str]) -> None:
    """A house without its access file is a house: the file is named, and what brings it back."""
    path = local.paths.home / "access.yaml"
    path.unlink()
    done = _engine(environ, "tasks")
    assert done.returncode == 2
    assert done.stderr == f"error: {path} is missing: put yours back, or let `make init` write a new one\n"


@pytest.mark.slow
def test_a_house_that_is_there_runs_the_engine(local: House, environ: dict[str, str]) -> None:
    """With its files in place the engine runs what needs no store, up or not."""
    for words, said in ((("skills", "list"), "issue-triage"), (("--version",), "agent-engine ")):
        done = _engine(environ, *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert said in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("words", [("tasks",), ("skills", "register"), ("triggers", "test", "x", "--event", "issues")])
def test_a_house_that_is_not_up_is_told(local: House, environ: dict[str, str], words: tuple[str, ...]) -> None:
    """What asks stores or control says that the house is down, and does not try ports that may be others' by now."""
    done = _engine(environ, *words)
    assert (done.returncode, done.stderr) == (2, "error: the house is not up: `make up` starts it\n")


@pytest.mark.slow
def test_what_the_house_came_up_with_counts(local: House, environ: dict[str, str], tmp_path: Path) -> None:
    """The engine reads the skills that `up` was given, and others where it is given others itself."""
    for name in ("one", "two"):
        write_skill(tmp_path / name, name=f"skill-{name}")
    remember(local.paths, {"SKILLS_PATH": str(tmp_path / "one")})
    supervisor = Supervisor(local.paths)
    supervisor.launch([Process("one", ["sleep", "60"], {"PATH": os.defpath})])
    try:
        listed = [
            _engine(environ | more, "skills", "list").stdout for more in ({}, {"SKILLS_PATH": str(tmp_path / "two")})
        ]
    finally:
        supervisor.stop()
    assert [("skill-one" in text, "skill-two" in text) for text in listed] == [(True, False), (False, True)]
    assert (local.paths.home / "came_up.json").stat().st_mode & 0o777 == 0o600
