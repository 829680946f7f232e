"""One command at a time: a lock that ends with its process, however that ends."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from service_kit.errors import ConfigError

TRIES = 5
PAUSE_SECONDS = 0.1


@contextmanager
def alone(file: Path, told: str) -> Iterator[None]:
    """Hold a lock during the block.

    Raises:
        ConfigError: another process holds it; says what was told.
    """
    with file.open("w") as lock:
        if not any(_locked(lock) for _ in range(TRIES)):
            raise ConfigError(told)
        yield


def _locked(lock: TextIO) -> bool:
    """Try to lock; a child that is about to start its program holds what its parent gave up for a moment longer."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(PAUSE_SECONDS)
        return False
    return True
