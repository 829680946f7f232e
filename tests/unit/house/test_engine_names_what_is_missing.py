"""`scripts/engine` says truly what it lacks."""

import os
import subprocess

from house.life import House
from house.place import ROOT


def _engine(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    env = environ | {"PATH": os.defpath}
    return subprocess.run(
        [str(ROOT / "scripts/engine"), *words], env=env, capture_output=True, text=True, timeout=50, check=False
    )


def test_no_house_yet_is_told(environ: dict[str, str]) -> None:
    """Before `make init` there is no house, and the remedy is to make one."""
    done = _engine(environ, "tasks")
    assert done.returncode == 2
    assert done.stderr.endswith("holds no house yet: run `make init` or `make up`\n")


def test_a_lost_access_file_is_told(local: House, environ: dict[str, str]) -> None:
    """A house without its access file is a house: the file is named, and what brings it back."""
    path = local.place.home / "access.yaml"
    path.unlink()
    done = _engine(environ, "tasks")
    assert done.returncode == 2
    assert done.stderr == f"error: {path} is missing: put yours back, or let `make init` write a new one\n"


def test_a_house_that_is_there_runs_the_engine(local: House, environ: dict[str, str]) -> None:
    """With its files in place the engine runs, up or not."""
    done = _engine(environ, "skills", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert "issue-triage" in done.stdout
