"""The folder of a worker's runs, which the next worker removes when the one that made it was killed.

Owns the folders `agent-runs-<random>`: in the worker's own folder, or in the system's temporary folder where runs have
another uid, which cannot enter the worker's. A worker locks the file `lock` in its folder while it lives.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from service_kit.errors import ConfigError
from service_kit.log import get_logger

PREFIX = "agent-runs-"
LOCK = "lock"
log = get_logger(__name__)


@contextmanager
def folder_of_runs(worker_folder: Path, *, other_uid: bool) -> Iterator[Path]:
    """Make a worker's folder of runs, and remove those of killed workers.

    Runs of another uid than the worker's can enter it.

    Raises:
        ConfigError: none can be made there.
    """
    above, variable = place_of_runs(worker_folder, other_uid=other_uid)
    try:
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        if removed := sum(map(_remove_left, above.glob(f"{PREFIX}*"))):
            log.info("folders_of_dead_workers_removed", count=removed)
        made, lock = _make(above, mode=0o711 if other_uid else 0o700)
    except OSError as error:
        raise ConfigError(f"{above} cannot hold runs ({error.strerror}): set {variable} to another folder") from None
    try:
        yield made
    finally:
        os.close(lock)
        _remove(made)


def place_of_runs(worker_folder: Path, *, other_uid: bool) -> tuple[Path, str]:
    """Give the folder that holds workers' folders of runs, and the variable that moves it. Raises ConfigError."""
    return (temporary_folder(), "TMPDIR") if other_uid else (worker_folder.resolve() / "runs", "WORKER_FOLDER")


def temporary_folder() -> Path:
    """Give the system's temporary folder. Raises ConfigError where none can be written."""
    try:
        return Path(tempfile.gettempdir()).resolve()
    except FileNotFoundError as error:
        raise ConfigError(f"{error.strerror}: set TMPDIR to a folder that every user can enter") from None


def _make(above: Path, *, mode: int) -> tuple[Path, int]:
    """Make a folder and lock it; make another where another worker took it for a killed worker's before that."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=above))
        try:
            lock = _lock(made)
            if lock is not None:
                made.chmod(mode)
                return made, lock
        except OSError:
            _remove(made)
            raise


def _remove_left(folder: Path) -> bool:
    try:
        seen = folder.lstat()
        lock = _lock(folder) if stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid() else None
    except OSError:
        return False
    if lock is None:
        return False
    _remove(folder)
    os.close(lock)
    with suppress(OSError):
        folder.rmdir()  # NFS keeps the lock's file while it is open
    return not folder.exists()


def _lock(folder: Path) -> int | None:
    """Lock a folder; None where another worker has locked it, or has removed it meanwhile. Raises OSError."""
    with ExitStack() as opened, suppress(BlockingIOError, FileNotFoundError):
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        opened.callback(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), (folder / LOCK).lstat()):
            opened.pop_all()
            return lock
    return None


def _remove(folder: Path) -> None:
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
