"""Reads what a run left: regular files only, sized, and never through a link that the agent may have made.

All reading starts from a folder's descriptor that was opened before the agent ran.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

FOLDER = "artifacts"
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
MOST_DEPTH = 8
MOST_ENTRIES = 1000


@dataclass(frozen=True)
class Artifact:
    """A file that a run left; `name` is its path below the collected folder."""

    name: str
    content: bytes


@dataclass
class Collected:
    """The files taken, and a line for each thing that was left lying."""

    artifacts: list[Artifact] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    total_bytes: int = 0


def read_file(root: int, path: str, *, most_bytes: int) -> bytes | None:
    """Read one regular file below a folder's descriptor; None when it is missing, a link, no file, or too large."""
    *folders, name = path.split("/")
    opened: list[int] = []
    try:
        parent = root
        for folder in folders:
            parent = os.open(folder, FOLDER_FLAGS, dir_fd=parent)
            opened.append(parent)
        return _read(parent, name, most_bytes)
    except OSError:
        return None
    finally:
        for descriptor in opened:
            os.close(descriptor)


def collect(
    root: int, *, most_files: int = 100, most_file_bytes: int = 10_000_000, most_bytes: int = 25_000_000
) -> Collected:
    """Take the regular files below `artifacts`; what is not taken is named with the reason."""
    collected = Collected()
    try:
        top = os.open(FOLDER, FOLDER_FLAGS, dir_fd=root)
    except FileNotFoundError:
        return collected
    except OSError:
        collected.left.append(f"{FOLDER}: not a folder")
        return collected
    try:
        for seen, (parent, name, path) in enumerate(_walk(top, "", 0, collected)):
            if seen >= MOST_ENTRIES or len(collected.artifacts) >= most_files:
                collected.left.append(f"{FOLDER}: more than {most_files} files")
                break
            _take(collected, parent, name, path, min(most_file_bytes, most_bytes - collected.total_bytes))
    finally:
        os.close(top)
    return collected


def _walk(folder: int, prefix: str, depth: int, collected: Collected) -> Iterator[tuple[int, str, str]]:
    """Give (folder's descriptor, name, path) of everything that is no folder; descriptors live until the next step."""
    for name in sorted(os.listdir(folder)):
        path = f"{prefix}{name}"
        if not path.isprintable():
            collected.left.append(f"{path!r}: its name has characters that do not print")
            continue
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if not stat.S_ISDIR(mode):
                yield folder, name, path
                continue
            if depth >= MOST_DEPTH:
                collected.left.append(f"{path}: more than {MOST_DEPTH} folders deep")
                continue
            inner = os.open(name, FOLDER_FLAGS, dir_fd=folder)
        except OSError as error:
            collected.left.append(f"{path}: {error.strerror}")
            continue
        try:
            yield from _walk(inner, f"{path}/", depth + 1, collected)
        finally:
            os.close(inner)


def _take(collected: Collected, parent: int, name: str, path: str, room: int) -> None:
    try:
        content = _read(parent, name, room)
    except OSError as error:
        collected.left.append(f"{path}: {error.strerror}")
        return
    if content is None:
        collected.left.append(f"{path}: no regular file, or too large")
        return
    collected.artifacts.append(Artifact(path, content))
    collected.total_bytes += len(content)


def _read(parent: int, name: str, most_bytes: int) -> bytes | None:
    if not stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        return None
    descriptor = os.open(name, FILE_FLAGS, dir_fd=parent)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
            return None
        content = file.read(most_bytes + 1)
    return content if len(content) <= most_bytes else None
