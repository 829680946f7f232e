"""The folders of runs in the worker's folder. A worker that starts removes those of killed workers.

Owns the folders `<task>-<attempt>`, and `.lock` beside them, which each worker of the folder holds while it lives.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

LOCK = ".lock"
OURS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]+")


def folder_of(runs: Path, task: UUID, attempt: int) -> Path:
    """Give where a run may keep files while it lasts."""
    return runs / f"{task}-{attempt}"


@contextmanager
def lock_folder(runs: Path) -> Iterator[int]:
    """Lock the folder for one of its workers. The only one removes what killed workers left; gives how many folders.

    A folder that cannot be locked here is left as it is.
    """
    with suppress(OSError):
        runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock = os.open(runs / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        yield 0
        return
    try:
        yield _take(lock, runs)
    finally:
        os.close(lock)


def _take(lock: int, runs: Path) -> int:
    removed = 0
    with suppress(OSError):
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            removed = sum(remove(folder) for folder in runs.iterdir() if OURS.fullmatch(folder.name))
        fcntl.flock(lock, fcntl.LOCK_SH)
    return removed


def remove(folder: Path) -> bool:
    """Remove a folder with all that a run put there; say whether it is gone."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
