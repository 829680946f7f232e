"""What killed workers' runs left in a worker's own folder, a root worker's device nodes too, goes; the living stay."""

import asyncio
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from agent_engine.confinement import devices
from agent_engine.confinement.folders import folder_of, lock_folder
from agent_engine.worker_context import open_context
from core.agent_engine.worker_place import Place

TASK = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
HOLDS = """\
import pathlib, sys
from agent_engine.confinement.folders import lock_folder
with lock_folder(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def _run(runs: Path) -> Path:
    """Make what a run keeps: a root worker's nodes, or a plain file."""
    folder = folder_of(runs, TASK, 1)
    if not devices.make(folder):
        (folder / "dev").mkdir(parents=True, exist_ok=True)
        (folder / "dev/file").touch()
    return folder


def test_a_killed_workers_runs_go_when_the_next_one_starts(tmp_path: Path) -> None:
    """They stay while it lives, whoever else starts, and go with the first start after it was killed."""
    left = _run(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"held\n"
        assert not left.exists()
        left = _run(tmp_path)
        with lock_folder(tmp_path) as removed:
            assert removed == 0
        assert left.exists()
        worker.kill()
    with lock_folder(tmp_path) as removed:
        assert removed == 1
        assert not left.exists()
        kept = _run(tmp_path)
        with lock_folder(tmp_path) as removed:
            assert removed == 0
        assert kept.exists()


def test_what_is_no_runs_stays(tmp_path: Path) -> None:
    """Other names, and what a link of such a name leads to, are left alone."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    runs = tmp_path / "runs"
    with lock_folder(runs):
        (runs / "notes").mkdir()
        folder_of(runs, TASK, 1).symlink_to(outside)
    with lock_folder(runs) as removed:
        assert removed == 0
    assert (runs / "notes").exists()
    assert (outside / "kept").exists()


def test_a_folder_that_cannot_be_held_is_no_fault(tmp_path: Path) -> None:
    """A worker that may not write there has no runs' folders there either."""
    (tmp_path / "file").touch()
    with lock_folder(tmp_path / "file/runs") as removed:
        assert removed == 0


@pytest.mark.slow
async def test_a_worker_that_starts_does_so(place: Place) -> None:
    """A worker removes what is left before it takes a task."""
    settings = place.settings()
    left = _run(settings.worker_folder / "runs")
    async with open_context(settings):
        assert not await asyncio.to_thread(left.exists)
