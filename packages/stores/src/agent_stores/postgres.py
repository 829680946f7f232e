"""The embedded PostgreSQL: owns the folder `postgres` with one database, `agent_bot`, behind a SCRAM password."""

import contextlib
import os
import secrets
import shutil
import signal
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from urllib.parse import quote

import asyncpg

from agent_stores.binaries import POSTGRES_MAJOR, postgres_programs
from agent_stores.errors import StoreError
from agent_stores.pool import DATABASE_ERRORS
from agent_stores.server import Server

NAME = "agent_bot"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "io_method": "sync",
}
"""For tests: as fast as can be, and lost when the machine stops."""


@dataclass(frozen=True)
class Postgres(Server):
    """One PostgreSQL in one folder."""

    name = "PostgreSQL"
    port_setting = "--postgres-port or POSTGRES_PORT"
    pid_name = "postmaster.pid"
    stop_signal = signal.SIGINT  # PostgreSQL's "fast": ends sessions, keeps what is committed

    @property
    def url(self) -> str:
        """The address for DATABASE_URL."""
        return f"postgresql://{NAME}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{NAME}"

    async def prepare(self) -> None:
        """Make the data folder, whole or not at all, or check that it is of our version.

        Raises:
            StoreError: it cannot be made, or is not one that this PostgreSQL can serve.
        """
        version = self.folder / "PG_VERSION"
        if not version.exists():
            await self._initialise()
        elif (found := version.read_text().strip()) != str(POSTGRES_MAJOR):
            raise StoreError(
                f"{self.folder} is of PostgreSQL {found}, and this is PostgreSQL {POSTGRES_MAJOR}: dump it with "
                f"PostgreSQL {found} and load it here, choose another folder with --dir, or give DATABASE_URL."
            )

    async def _initialise(self) -> None:
        self.account.require_reach(self.folder.parent)
        for left in self.folder.parent.glob("postgres.new-*"):
            left.unlink() if left.is_file() else shutil.rmtree(left, ignore_errors=True)
        # A name of its own: what a killed run left may still write.
        half_made = self.folder.with_name(f"postgres.new-{secrets.token_hex(4)}")
        password = half_made.with_suffix(".password")
        half_made.mkdir(mode=0o700)
        password.touch(mode=0o600)
        for path in (half_made, password):
            self.account.own(path)
        try:
            password.write_text(self.password)
            command = [
                *(self._program("initdb"), f"--pgdata={half_made}", f"--username={NAME}", f"--pwfile={password}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
                *("--lc-messages=C", *self._syncing()),
            ]
            process = await self.account.spawn(command, output=PIPE)
            try:
                said, _ = await process.communicate()
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
                raise
            if process.returncode:
                raise StoreError(self.why_ended(said))
            half_made.rename(self.folder)
        finally:
            password.unlink()
            shutil.rmtree(half_made, ignore_errors=True)

    def _syncing(self) -> list[str]:
        if self.throwaway:
            return ["--no-sync"]
        # One syncfs is several times faster than a thousand fsyncs; only Linux has it.
        return ["--sync-method=syncfs"] if sys.platform == "linux" else []

    def _program(self, name: str) -> str:
        programs = postgres_programs()
        self.account.require_reach(programs)
        return str(programs / name)

    def command(self) -> list[str]:
        """Return the server's command line."""
        options = {**OPTIONS, "port": str(self.port), **(THROWAWAY if self.throwaway else {})}
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [self._program("postgres"), "-D", str(self.folder), *settings]

    async def ready(self) -> bool:
        """Return whether the database answers; the first time, make it.

        Raises:
            StoreError: the password is not the data folder's.
        """
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            await self._create_database()
            return True
        except asyncpg.InvalidPasswordError:
            raise StoreError(
                f"the password in {self.folder.parent / 'secrets' / 'postgres'} is not the one of {self.folder}: "
                "put the right one back, or choose another folder with --dir."
            ) from None
        except DATABASE_ERRORS:
            return False
        await connection.close()
        return True

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(self.url.rpartition("/")[0] + "/postgres", timeout=5)
        try:
            await connection.execute(f"create database {NAME}")
        finally:
            await connection.close()
