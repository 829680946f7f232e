"""The folder of the embedded stores: owns `secrets/`, `log/`, `run.lock` (who runs) and `state.json` (what is up)."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from agent_stores.diagnostics import folder_error
from agent_stores.errors import AlreadyRunning, StoreError
from agent_stores.run_as import Account


@dataclass(frozen=True)
class RunState:
    """What a run has up: its process id, and a port for each server that it started."""

    pid: int
    postgres_port: int | None
    redis_port: int | None


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
            next(self.path.iterdir(), None)
            for name in ("postgres", "redis"):
                data = self.path / name
                if data.exists() and data.stat().st_uid != account.uid:
                    raise StoreError(
                        f"{data} belongs to user {data.stat().st_uid}, and the servers run as user {account.uid}: "
                        f"run `chown -R {account.uid} {data}`, or choose another folder with --dir or STORES_DIR."
                    )
        except OSError as error:
            raise folder_error(self.path, error) from error

    def password(self, name: str) -> str:
        """Read a server's password; make it the first time.

        Raises:
            StoreError: the file cannot be read or written.
        """
        file = self.path / "secrets" / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not file.exists():
                fresh = file.with_suffix(f".{os.getpid()}")
                fresh.touch(mode=0o600)
                fresh.write_text(secrets.token_urlsafe(24) + "\n")
                # A link fails where another process was first: then its password counts.
                try:
                    file.hardlink_to(fresh)
                except FileExistsError:
                    pass
                finally:
                    fresh.unlink()
            found = file.read_text().strip()
        except OSError as error:
            raise folder_error(self.path, error) from error
        if not found:
            raise StoreError(f"{file} is empty: put the password back, or remove {self.path} to start anew.")
        return found

    @contextmanager
    def held(self) -> Iterator[int | None]:
        """Hold the folder for one run; yields the process id that an earlier run left behind, if it did.

        Raises:
            AlreadyRunning: another run holds it.
        """
        try:
            lock = os.open(self.path / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise folder_error(self.path, error) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = self.holder() or 0
                raise AlreadyRunning(
                    f"the stores in {self.path} are already running (pid {pid}): use them, "
                    "stop them with `agent-stores stop`, or choose another folder with --dir.",
                    pid=pid,
                ) from None
            stale = _number(os.read(lock, 20))
            os.truncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            try:
                yield stale
            finally:
                self.forget()
                os.truncate(lock, 0)
        except OSError as error:
            raise folder_error(self.path, error) from error
        finally:
            os.close(lock)

    def holder(self) -> int | None:
        """Return the process id of the run that holds the folder, or None; what a dead run left does not count."""
        file = self.path / "run.lock"
        try:
            lock = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _number(os.read(lock, 20))
        else:
            return None
        finally:
            os.close(lock)

    def write(self, state: RunState) -> None:
        """Say that a run is up."""
        file = self.path / "state.json"
        new = file.with_suffix(".new")
        new.write_text(json.dumps(asdict(state)) + "\n")
        new.replace(file)

    def read(self) -> RunState | None:
        """Return what a run said last, whether it still lives or not."""
        try:
            return RunState(**json.loads((self.path / "state.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def forget(self) -> None:
        """Say that no run is up."""
        (self.path / "state.json").unlink(missing_ok=True)


def _number(text: bytes) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
