"""A file that is read again when it changes, by modification time, size and inode."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from service_kit.errors import ConfigError
from service_kit.log import get_logger

T = TypeVar("T")
LOOK_EVERY_SECONDS = 1.0
NOT_IN_FORCE = "not in force as it stands: `file_not_usable` in the log says why"


class WatchedFile(Generic[T]):
    """Holds the content of a file. A change that cannot be read is logged, and the last good content stays.

    `read` raises ConfigError when the file is wrong. `on_change` is called after each successful read but the first.

    Raises:
        ConfigError: the first read failed.
    """

    def __init__(self, path: Path, read: Callable[[Path], T], on_change: Callable[[], None] | None = None) -> None:
        self.path = path
        self._read = read
        self._on_change = on_change
        self._lock = threading.Lock()
        self._usable = True
        self._stamp = self._look()
        self._value = read(path)
        self._looked_at = time.monotonic()

    def current(self, *, look: bool = False) -> T:
        """Return the value. The file is looked at once a second at most, unless `look` asks for it."""
        now = time.monotonic()
        if look or now - self._looked_at >= LOOK_EVERY_SECONDS:
            with self._lock:
                self._looked_at = now
                self._refresh()
        return self._value

    def fault(self, *, look: bool = False) -> str | None:
        """Say for anyone that the file as it lies there is not in force; None while it is. The log has the reason."""
        self.current(look=look)
        return None if self._usable else NOT_IN_FORCE

    def _refresh(self) -> None:
        stamp = self._look()
        if stamp == self._stamp:
            return
        try:
            self._value = self._read(self.path)
        except ConfigError as error:
            get_logger(__name__).error("file_not_usable", file=str(self.path), error=str(error), kept="last good state")
            self._usable = False
        else:
            self._usable = True
            if self._on_change is not None:
                self._on_change()
        self._stamp = stamp

    def _look(self) -> tuple[int, int, int]:
        try:
            status = self.path.stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_mtime_ns, status.st_size, status.st_ino)
