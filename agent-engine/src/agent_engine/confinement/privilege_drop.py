"""Runs of a root worker under a plain uid: its number, and the paths under which it finds files of root's folders."""

import json
import secrets
from pathlib import Path

FIRST_UID = 61184
UIDS = 4096
"""Numbers that systemd sets aside for uids without a name."""
SETUID_EXEC = Path(__file__).with_name("setuid_exec.py")
SYSTEM = "/usr"
WHEEL_DEPTH = 2
"""The wheel's bubblewrap has a library two folders up."""


def new_uid() -> int:
    """Give a uid that no account has and, most likely, no other run."""
    return FIRST_UID + secrets.randbelow(UIDS)


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
