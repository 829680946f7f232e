"""Runs of a root worker under a plain uid: its number, and the paths under which it finds files of root's folders.

Owns the folders `agent-run-<pid namespace>-<worker's pid>-<its start>-<random>` below the system's temporary folder,
which every uid can enter.
"""

import contextlib
import json
import os
import re
import secrets
import stat
import tempfile
from pathlib import Path

from agent_engine.confinement.folders import remove

FIRST_UID = 61184
UIDS = 4096
"""Numbers that systemd sets aside for uids without a name."""
SETUID_EXEC = Path(__file__).with_name("setuid_exec.py")
SYSTEM = "/usr"
OURS = re.compile(r"agent-run-(\d+)-(\d+)-(\d+)-[0-9a-f]+")
PROC = Path("/proc")
WHEEL_DEPTH = 2
"""The wheel's bubblewrap has a library two folders up."""


def new_uid() -> int:
    """Give a uid that no account has and, most likely, no other run."""
    return FIRST_UID + secrets.randbelow(UIDS)


def run_folder() -> Path:
    """Give a new name for a run's folder, which says whose it is."""
    pid = os.getpid()
    return _temporary() / f"agent-run-{_namespace()}-{pid}-{_start(pid)}-{secrets.token_hex(8)}"


def sweep() -> int:
    """Remove what runs of dead workers left; give how many folders.

    Others' folders stay, and those of workers that cannot be seen from here, in another pid namespace.
    """
    removed = 0
    for folder in _temporary().glob("agent-run-*"):
        made = OURS.fullmatch(folder.name)
        if made is None or int(made[1]) != _namespace() or _start(int(made[2])) == int(made[3]) or not _own(folder):
            continue
        removed += remove(folder)
    return removed


def _temporary() -> Path:
    return Path(tempfile.gettempdir()).resolve()


def _namespace() -> int:
    """Number the pid namespace; 0 where there are none."""
    with contextlib.suppress(OSError):
        return (PROC / "self/ns/pid").stat().st_ino
    return 0


def _start(pid: int) -> int:
    """Give when a process started, in clock ticks since the boot; 0 where it does not run or that cannot be seen."""
    with contextlib.suppress(OSError):
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19])
    return 0


def _own(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        seen = folder.lstat()
        return stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid()
    return False


class BindMounts:
    """Bind mounts by which a plain uid finds files in folders that only root enters; `setuid_exec.py` makes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: list[str] = []
        folder.mkdir(mode=0o711)

    def at(self, source: Path) -> str:
        """Mount a source too; give the path that it will have."""
        self._sources.append(str(source.resolve()))
        return f"{self._folder}/{len(self._sources) - 1}"

    def command(self, program: Path, command: list[str]) -> list[str]:
        """Give the command that drops to a uid of its own and becomes bubblewrap."""
        program = program.resolve()
        if not program.is_relative_to(SYSTEM):
            top = program.parents[min(WHEEL_DEPTH, len(program.parents) - 1)]
            program = Path(self.at(top)) / program.relative_to(top)
        folder, sources = str(self._folder), json.dumps(self._sources)
        return ["python", "-I", "-S", str(SETUID_EXEC), str(new_uid()), folder, sources, str(program), *command[1:]]
