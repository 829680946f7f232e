"""Whom the servers run as: PostgreSQL refuses root, so root steps into a user namespace, or becomes another user."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from agent_stores.binaries import bubblewrap_program
from agent_stores.errors import StoreError

NOBODY = 65534
CACHE = Path("/var/cache/agent-stores")


@dataclass(frozen=True)
class Account:
    """How a server is started so that it is not root.

    Attributes:
        uid: who owns the server's files, seen from outside.
        prefix: the command that the server's own follows.
        switch: whether the server's process changes to `uid` (only root can).
        cache: where programs are copied to that `uid` cannot reach.
    """

    uid: int
    prefix: tuple[str, ...] = ()
    switch: bool = False
    cache: Path = CACHE

    @property
    def switched(self) -> int | None:
        """The user and group that a server's process changes to, or None for no change."""
        return self.uid if self.switch else None

    @property
    def groups(self) -> list[int] | None:
        """The further groups of a server's process: none at all where it changes."""
        return [] if self.switch else None

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.switch:
            os.chown(path, self.uid, self.uid)

    def readable(self, folder: Path, *beside: Path) -> Path:
        """Return the folder, or a copy of it in a cache, so that the account can read it.

        Args:
            folder: holds programs.
            beside: further folders, which those programs find by a relative path: a copy keeps it.

        Raises:
            StoreError: the copy cannot be made.
        """
        if not self.switch or reachable(folder):
            return folder
        # Named by what it was copied from and when that was installed, and owned by root: nobody else can plant one.
        stamp = f"{folder.name}-{folder.stat().st_mtime_ns:x}-{folder.stat().st_ino:x}"
        copy = self.cache / stamp
        root = Path(os.path.commonpath([folder.parent, *beside]))
        inside = copy / folder.relative_to(root)
        if copy.exists():
            if copy.stat().st_uid == os.geteuid():
                return inside
            raise StoreError(
                f"{copy} belongs to user {copy.stat().st_uid}: remove it, or set STORES_CACHE_DIR to another folder."
            )
        try:
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".copy-") as scratch:
                made = Path(scratch) / stamp
                for part in (folder, *beside):
                    shutil.copytree(part, made / part.relative_to(root), symlinks=True)
                made.rename(copy)
        except OSError as error:
            raise StoreError(
                f"the servers' programs in {folder} cannot be read by user {self.uid}, and copying them to {copy} "
                f"failed ({error.strerror}): set STORES_CACHE_DIR to a folder that every user can read."
            ) from error
        if not reachable(inside):
            raise StoreError(
                f"user {self.uid} cannot reach {copy}: set STORES_CACHE_DIR to a folder that every user can read."
            )
        return inside

    def check(self, folder: Path) -> None:
        """Check that the account can enter a folder that is about to be given to it.

        Raises:
            StoreError: it cannot; says which other folder would do.
        """
        if self.switch and not reachable(folder.parent):
            raise StoreError(
                f"this system allows no user namespaces, so the servers run as user {self.uid}, who cannot enter "
                f"{folder}: choose a folder such as /var/lib/agent-bot/stores with --dir or STORES_DIR, "
                "or start as a plain user."
            )


def reachable(folder: Path) -> bool:
    """Return whether everybody may enter a folder and all above it."""
    whole = folder.resolve()
    return all(path.stat().st_mode & 0o001 for path in (whole, *whole.parents))


def choose(cache: Path = CACHE) -> Account:
    """Choose the account for this process: itself, or what root steps down to."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid())
    return namespaced() or Account(uid=NOBODY, switch=True, cache=cache)


def namespaced() -> Account | None:
    """Return root's own account inside a user namespace, or None where there are no user namespaces."""
    program = bubblewrap_program()
    if program is None:
        return None
    prefix = (str(program), "--dev-bind", "/", "/", "--unshare-user", "--uid", "1000", "--gid", "1000")
    tried = _tried((*prefix, str(program), "--version"))
    return Account(uid=0, prefix=prefix) if tried == 0 else None


def _tried(command: tuple[str, ...]) -> int | None:
    """Return a trial's exit code, or None where its program cannot be started.

    The trial has its own session: a Ctrl-C in the terminal must not read as "no user namespaces".
    """
    try:
        trial = subprocess.run(  # noqa: S603
            command, capture_output=True, timeout=10, check=False, start_new_session=True
        )
    except subprocess.TimeoutExpired as error:
        raise StoreError("a user namespace was neither made nor refused within 10 s: try again") from error
    except OSError:
        return None
    return trial.returncode
