"""One command at a time: a lock that ends with its process, however that ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service_kit.errors import ConfigError


@contextmanager
def alone(file: Path, told: str) -> Iterator[None]:
    """Hold a lock during the block.

    Raises:
        ConfigError: another process holds it; says what was told.
    """
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(told) from None
        try:
            yield
        finally:  # by hand: a child that is about to start its program holds the file a moment longer
            fcntl.flock(lock, fcntl.LOCK_UN)
