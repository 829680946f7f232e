"""A lock that one process at a time has, as a file."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service_kit.errors import ConfigError


@contextmanager
def locked(file: Path, told: str) -> Iterator[None]:
    """Hold a lock for the block, or as long as this process lives.

    Raises:
        ConfigError: another has it, as `told` says; or its file cannot be written.
    """
    try:
        opened = file.open("w")
    except PermissionError:
        raise  # which is told with whose the folder is
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}): choose another AGENT_BOT_HOME") from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(told) from None
        try:
            yield
        finally:  # by hand: a child that is about to start its program holds the file a moment longer
            fcntl.flock(lock, fcntl.LOCK_UN)
