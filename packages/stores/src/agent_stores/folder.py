"""The folder of the embedded stores: owns `secrets/`, `log/` and `run.lock`, in which a run says what it has up."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from agent_stores.errors import StoreError, folder_error
from agent_stores.run_as import Account

STATE_BYTES = 200
"""More than any state takes: each overwrites the one before."""


@dataclass(frozen=True)
class RunState:
    """What a run says of itself: the ports of what it started, and whether all of that answers."""

    pid: int
    postgres_port: int | None = None
    redis_port: int | None = None
    ready: bool = False


@dataclass(frozen=True)
class Folder:
    """Where one installation's stores live."""

    path: Path

    def open(self, account: Account) -> None:
        """Make the folder, or check that it is this user's.

        Raises:
            StoreError: it cannot be made or used; names the owner where it is somebody else's.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o711 if account.switch else 0o700)
            owner = self.path.stat().st_uid
            if owner != os.geteuid():
                raise StoreError(
                    f"{self.path} belongs to user {owner}, and this is user {os.geteuid()}: start as that user, "
                    "or choose another folder with --dir or STORES_DIR."
                )
            for name in ("secrets", "log"):
                (self.path / name).mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise folder_error(self.path, error) from error

    def password(self, name: str) -> str:
        """Read a server's password; make it where there is none yet. Raises StoreError."""
        file = self.path / "secrets" / name
        try:
            found = file.read_text().strip() if file.exists() else ""
            if not found:
                found = secrets.token_urlsafe(24)
                file.touch(mode=0o600)
                file.write_text(found + "\n")
        except OSError as error:
            raise folder_error(self.path, error) from error
        return found

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for one run. Raises StoreError where another run holds it."""
        try:
            with os.fdopen(os.open(self.path / "run.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    state = self.run()
                    raise StoreError(
                        f"the stores in {self.path} are already running (pid {state.pid if state else 'unknown'}): "
                        "use them, stop them with `agent-stores stop`, or choose another folder with --dir."
                    ) from None
                try:
                    self.keep(RunState(os.getpid()))
                    yield
                finally:
                    lock.truncate(0)
        except OSError as error:
            raise folder_error(self.path, error) from error

    def keep(self, state: RunState) -> None:
        """Keep what the run that holds the folder says, in place: other processes read the old state or the new one."""
        with (self.path / "run.lock").open("r+") as lock:
            lock.write(json.dumps(asdict(state)).ljust(STATE_BYTES))

    def run(self) -> RunState | None:
        """Return what the run that holds the folder says; None where no run does, whatever a killed one has left."""
        try:
            with (self.path / "run.lock").open() as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return RunState(**json.loads(lock.read()))
        except (OSError, ValueError, TypeError):
            pass
        return None
