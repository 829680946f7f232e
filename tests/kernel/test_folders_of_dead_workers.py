"""What a killed root worker's runs left below the temporary folder goes when the next worker starts."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from agent_engine.confinement.privilege_drop import run_folder, sweep


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _left(pid: int, *, start: int | None = None, namespace: int | None = None) -> Path:
    """Make a run's folder as the worker with this pid would have named it."""
    _, _, spaced, _, began, mark = run_folder().name.split("-")
    words = (namespace if namespace is not None else spaced, pid, start if start is not None else began, mark)
    folder = Path(tempfile.gettempdir(), "agent-run-{}-{}-{}-{}".format(*words))
    (folder / "work/deep").mkdir(parents=True)
    (folder / "work/deep/file").write_text("left")
    return folder


def test_folders_of_dead_workers_go(temporary: Path) -> None:
    """A worker that has ended, or whose number another process has now, needs its runs' folders no more."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    gone = [_left(ended.pid), _left(os.getpid(), start=1)]
    assert sweep() == len(gone)
    assert list(temporary.iterdir()) == []


def test_folders_of_others_stay(temporary: Path) -> None:
    """A living worker's, another pid namespace's and what only looks like ours are left alone."""
    own = run_folder()
    own.mkdir()
    outside = temporary / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    named = temporary / "agent-run-notes"
    named.mkdir()
    elsewhere = _left(os.getpid(), start=1, namespace=1)
    link = temporary / run_folder().name.replace(f"-{os.getpid()}-", "-999999999-")
    link.symlink_to(outside)
    assert sweep() == 0
    assert {own, outside, named, elsewhere, link} == set(temporary.iterdir())
    assert (outside / "kept").exists()
