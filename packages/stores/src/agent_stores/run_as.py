"""Whom the servers run as: PostgreSQL refuses root, so root steps into a user namespace, or becomes another user."""

import os
import subprocess
from asyncio import create_subprocess_exec
from asyncio.subprocess import DEVNULL, STDOUT, Process
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from agent_stores.binaries import bubblewrap_programs
from agent_stores.errors import StoreError

NOBODY = 65534
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
"""All that a server gets of our environment: no secret of ours, and messages that we can read."""


@dataclass(frozen=True)
class Account:
    """How a server is started so that it is not root.

    Attributes:
        uid: who owns the server's files, seen from outside.
        prefix: the command that the server's own follows.
        switch: whether the server's process changes to `uid` (only root can).
    """

    uid: int
    prefix: tuple[str, ...] = ()
    switch: bool = False

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.switch:
            os.chown(path, self.uid, self.uid)

    def require_reach(self, folder: Path) -> None:
        """Raise StoreError where the account cannot enter the folder of its data or its programs."""
        if self.switch and not reachable(folder):
            raise StoreError(
                f"this system allows no user namespaces, so the servers run as user {self.uid}, who cannot enter "
                f"{folder}: put it where every user can enter, such as /opt/agent-bot (--dir or STORES_DIR says "
                "where the data is), or start as a plain user."
            )

    async def spawn(self, command: list[str], *, output: int | IO[bytes], folder: Path | None = None) -> Process:
        """Start a program as this account, in a session of its own."""
        return await create_subprocess_exec(
            *self.prefix,
            *command,
            stdin=DEVNULL,
            stdout=output,
            stderr=STDOUT,
            cwd=folder,
            env=ENVIRONMENT,
            start_new_session=True,
            user=self.uid if self.switch else None,
            group=self.uid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )


def reachable(folder: Path) -> bool:
    """Return whether everybody may enter a folder and all above it."""
    whole = folder.resolve()
    return all(path.stat().st_mode & 0o001 for path in (whole, *whole.parents))


def choose() -> Account:
    """Choose the account for this process: itself, or what root steps down to."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid())
    return _namespaced() or Account(uid=NOBODY, switch=True)


def _namespaced() -> Account | None:
    program = next(iter(bubblewrap_programs()), None)
    if program is None:
        return None
    prefix = (str(program), "--dev-bind", "/", "/", "--unshare-user", "--uid", "1000", "--gid", "1000")
    try:
        # In a session of its own: a Ctrl-C in the terminal must not read as "no user namespaces".
        trial = subprocess.run(  # noqa: S603 - bubblewrap and fixed arguments
            (*prefix, str(program), "--version"), capture_output=True, check=False, start_new_session=True
        )
    except OSError:
        return None
    return Account(uid=0, prefix=prefix) if trial.returncode == 0 else None
