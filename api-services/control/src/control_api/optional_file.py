"""A file of rules that the operator may leave out."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from service_kit.watched import WatchedFile

T = TypeVar("T")


class OptionalFile(Generic[T]):
    """What a file says, read again when the file changes; a default where no file is named.

    Raises:
        ConfigError: the file cannot be read, or an entry is wrong; each error names its place.
    """

    def __init__(self, path: Path | None, read: Callable[[Path], T], default: T) -> None:
        self._file = WatchedFile(path, read) if path is not None else None
        self._default = default

    def current(self) -> T:
        """Give the file's present content, or the last good one."""
        return self._file.current() if self._file is not None else self._default

    def fault(self, *, look: bool = False) -> str | None:
        """Say for anyone that the file as it lies there is not in force; None while it is. The log has the reason."""
        return self._file.fault(look=look) if self._file is not None else None
