"""The folder of a worker's runs, which the next worker removes when the one that made it was killed.

Owns the folders `agent-runs-<random>`: in the worker's own folder, or under root below the system's temporary folder,
where runs of every uid can enter. A worker locks its folder while it lives.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service_kit.errors import ConfigError
from service_kit.log import get_logger

PREFIX = "agent-runs-"
log = get_logger(__name__)


@contextmanager
def folder_of_runs(worker_folder: Path) -> Iterator[Path]:
    """Make a worker's folder of runs, and remove those of killed workers.

    Raises:
        ConfigError: none can be made there.
    """
    above = Path(tempfile.gettempdir()).resolve() if os.getuid() == 0 else worker_folder.resolve() / "runs"
    try:
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=above))
    except OSError as error:
        raise ConfigError(f"{above} cannot hold runs ({error.strerror}): set WORKER_FOLDER to another folder") from None
    if removed := sum(map(_remove_left, above.glob(f"{PREFIX}*"))):
        log.info("folders_of_dead_workers_removed", count=removed)
    lock = os.open(made, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made.chmod(0o711)
        made = made.rename(above / made.name[1:])  # locked: others may look at it
        yield made
    finally:
        remove(made)
        os.close(lock)


def _remove_left(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        if os.fstat(lock).st_uid != os.getuid():
            return False
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return remove(folder)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)


def remove(folder: Path) -> bool:
    """Remove a folder with all that a run put there; say whether it is gone."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
