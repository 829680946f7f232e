"""Runs of a root worker under a plain uid: which one, and where what lies in root's own folders is found then.

Owns the folders `agent-run-*` below the system's temporary folder, which every uid can enter.
"""

import json
import secrets
import tempfile
from pathlib import Path

FIRST_UID = 61184
UIDS = 4096
"""Numbers that systemd sets aside for uids without a name."""
ASIDE = Path(__file__).with_name("aside.py")
SYSTEM = "/usr"
WHEEL_DEPTH = 2
"""The wheel's bubblewrap has a library two folders up."""


def new_uid() -> int:
    """Give a uid that no account has and, most likely, no other run."""
    return FIRST_UID + secrets.randbelow(UIDS)


def run_folder() -> Path:
    """Give a new name for a run's folder."""
    return Path(tempfile.gettempdir()).resolve() / f"agent-run-{secrets.token_hex(8)}"


class Moved:
    """Where bubblewrap finds under a plain uid what may lie in folders that only root enters; see `aside.py`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: list[str] = []
        folder.mkdir(mode=0o711)

    def at(self, source: Path) -> str:
        """Give the path that a source will have."""
        self._sources.append(str(source.resolve()))
        return f"{self._folder}/{len(self._sources) - 1}"

    def command(self, program: Path, command: list[str]) -> list[str]:
        """Give the command that drops to a uid of its own and becomes bubblewrap."""
        program = program.resolve()
        if not program.is_relative_to(SYSTEM):
            top = program.parents[min(WHEEL_DEPTH, len(program.parents) - 1)]
            program = Path(self.at(top)) / program.relative_to(top)
        folder, sources = str(self._folder), json.dumps(self._sources)
        return ["python", "-I", "-S", str(ASIDE), str(new_uid()), folder, sources, str(program), *command[1:]]
