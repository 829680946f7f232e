"""What killed workers' runs left goes when the next worker starts; the folders of living workers and of others stay."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from agent_engine.confinement import devices
from agent_engine.confinement.folders import LOCK, PREFIX, folder_of_runs, place_of_runs
from agent_engine.worker_context import open_context
from core.agent_engine.worker_place import Place
from service_kit.errors import ConfigError

HOLDS = """\
import pathlib, sys, tempfile
from agent_engine.confinement.folders import folder_of_runs
tempfile.tempdir = sys.argv[1]
with folder_of_runs(pathlib.Path(sys.argv[1]), other_uid=bool(sys.argv[2])) as runs:
    print(runs, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A worker's folder that is the system's temporary folder, too."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("other_uid", "above", "mode"), [(False, "runs", 0o700), (True, ".", 0o711)], ids=["same uid", "other uid"]
)
def test_a_killed_workers_runs_go_when_the_next_one_starts(
    folder: Path, other_uid: bool, above: str, mode: int
) -> None:
    """They stay while it lives, whoever else starts, and go with the first start after it was killed."""
    holds = [sys.executable, "-c", HOLDS, str(folder), "yes" if other_uid else ""]
    with subprocess.Popen(holds, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        left = Path(worker.stdout.readline().strip())
        devices.make(left / "run")
        (left / "run/deep").mkdir(parents=True)
        with folder_of_runs(folder, other_uid=other_uid) as own:
            assert own != left
        assert not own.exists()
        assert left.exists()
        worker.kill()
    with folder_of_runs(folder, other_uid=other_uid) as own:
        assert not left.exists()
        assert own.parent == (folder / above).resolve()
        assert own.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("locked", [False, True])
def test_a_worker_that_was_killed_at_its_start_leaves_nothing(folder: Path, locked: bool) -> None:
    """A folder whose lock is free, or was never made, goes as well."""
    left = folder / "runs" / f"{PREFIX}left"
    left.mkdir(parents=True)
    if locked:
        (left / LOCK).touch()
    with folder_of_runs(folder, other_uid=False):
        assert not left.exists()


def test_a_folder_that_was_removed_before_it_was_locked_is_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that starts at the same time may take a new folder for a killed worker's: both get one."""
    made: list[str] = []
    make = tempfile.mkdtemp

    def taken_once(**how: str) -> str:
        made.append(make(**how))
        if len(made) == 1:
            shutil.rmtree(made[0])
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", taken_once)
    with folder_of_runs(folder, other_uid=False) as own:
        assert [str(own)] == made[1:]
        assert own.exists()


def test_what_is_no_workers_stays(folder: Path) -> None:
    """Another user's folder, and what a link of such a name leads to, are left alone."""
    outside = folder / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    above = folder / "runs"
    above.mkdir()
    (above / f"{PREFIX}link").symlink_to(outside)
    others = above / f"{PREFIX}others"
    others.mkdir()
    if os.getuid() == 0:
        os.chown(others, 12345, 12345)
    with folder_of_runs(folder, other_uid=False):
        assert (outside / "kept").exists()
        assert others.exists() == (os.getuid() == 0)


@pytest.mark.parametrize(("other_uid", "variable"), [(False, "WORKER_FOLDER"), (True, "TMPDIR")])
def test_a_place_that_cannot_hold_runs_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, other_uid: bool, variable: str
) -> None:
    """A worker that may not write there does not start, and says which variable to set."""
    file = folder / "file"
    file.touch()
    monkeypatch.setattr(tempfile, "tempdir", str(file))
    with (
        pytest.raises(ConfigError, match=rf"^{file}.* cannot hold runs \(.*\): set {variable} to another folder$"),
        folder_of_runs(file, other_uid=other_uid),
    ):
        pass


def test_a_machine_without_a_temporary_folder_is_told_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no temporary folder can be written, a worker that needs one does not start, and names TMPDIR."""

    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(ConfigError, match="No usable temporary directory found: set TMPDIR"):
        place_of_runs(Path("worker"), other_uid=True)


@pytest.mark.slow
async def test_a_worker_removes_what_a_killed_one_left(place: Place, folder: Path) -> None:
    """A worker that starts has a folder of runs of its own, and removes those of killed workers beside it."""
    settings = place.settings()
    above, _ = place_of_runs(settings.worker_folder, other_uid=place.confinement.other_uid)
    left = above / f"{PREFIX}left"
    (left / "run").mkdir(parents=True)
    async with open_context(settings) as context:
        assert context.runs.parent == above
        assert not await asyncio.to_thread(left.exists)
    assert not await asyncio.to_thread(context.runs.exists)
