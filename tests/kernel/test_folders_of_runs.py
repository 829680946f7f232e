"""What killed workers' runs left goes when the next worker starts; the folders of living workers and of others stay."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from agent_engine.confinement import devices
from agent_engine.confinement.folders import PREFIX, folder_of_runs
from service_kit.errors import ConfigError

HOLDS = """\
import pathlib, sys, tempfile
from agent_engine.confinement.folders import folder_of_runs
tempfile.tempdir = sys.argv[1]
with folder_of_runs(pathlib.Path(sys.argv[1])) as runs:
    print(runs, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A worker's folder, and for root the system's temporary folder, of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_killed_workers_runs_go_when_the_next_one_starts(place: Path) -> None:
    """They stay while it lives, whoever else starts, and go with the first start after it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        left = Path(worker.stdout.readline().strip())
        devices.make(left / "run")
        (left / "run/deep").mkdir(parents=True)
        with folder_of_runs(place) as own:
            assert own != left
        assert not own.exists()
        assert left.exists()
        worker.kill()
    with folder_of_runs(place) as own:
        assert not left.exists()
        assert own.stat().st_mode & 0o777 == 0o711


def test_what_is_no_workers_stays(place: Path) -> None:
    """Another user's folder, and what a link of such a name leads to, are left alone."""
    outside = place / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    with folder_of_runs(place) as own:
        above = own.parent
    (above / f"{PREFIX}link").symlink_to(outside)
    others = above / f"{PREFIX}others"
    others.mkdir()
    if os.getuid() == 0:
        os.chown(others, 12345, 12345)
    with folder_of_runs(place):
        assert (outside / "kept").exists()
        assert others.exists() == (os.getuid() == 0)


def test_a_place_that_cannot_hold_runs_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that may not write there does not start, and says which variable to set."""
    (place / "file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(place / "file"))
    with pytest.raises(ConfigError, match="set WORKER_FOLDER"), folder_of_runs(place / "file"):
        pass
