"""The embedded PostgreSQL: owns the folder `postgres` with one database, `agent_bot`, behind a SCRAM password."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from agent_stores.binaries import POSTGRES_MAJOR, postgres_folders
from agent_stores.diagnostics import explain_exit
from agent_stores.errors import StoreError
from agent_stores.pool import DATABASE_ERRORS
from agent_stores.run_as import Account
from agent_stores.server import ENVIRONMENT

NAME = "agent_bot"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
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
NEEDED_BYTES = 100_000_000


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL in one folder."""

    folder: Path
    log: Path
    port: int
    password: str
    account: Account
    throwaway: bool = False
    name: str = "PostgreSQL"
    port_setting: str = "--postgres-port or POSTGRES_PORT"
    stop_signal: signal.Signals = signal.SIGINT  # PostgreSQL's "fast": ends sessions, keeps what is committed

    @property
    def url(self) -> str:
        """What DATABASE_URL should say."""
        return f"postgresql://{NAME}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{NAME}"

    @property
    def pid_file(self) -> Path:
        """PostgreSQL's own."""
        return self.folder / "postmaster.pid"

    async def prepare(self) -> None:
        """Make the data folder, whole or not at all, or check that it is ours and of our version.

        Raises:
            StoreError: it cannot be made, or is not one that this PostgreSQL can serve.
        """
        version = self.folder / "PG_VERSION"
        if not self.folder.exists():
            await self._initialise()
        elif not version.exists():
            raise StoreError(f"{self.folder} holds no PostgreSQL data: remove it, or choose another folder with --dir.")
        elif (found := version.read_text().strip()) != str(POSTGRES_MAJOR):
            raise StoreError(
                f"{self.folder} is of PostgreSQL {found}, and this is PostgreSQL {POSTGRES_MAJOR}: dump it with "
                f"PostgreSQL {found} and load it here, choose another folder with --dir, or give DATABASE_URL."
            )

    async def _initialise(self) -> None:
        self.account.check(self.folder)
        if (free := shutil.disk_usage(self.folder.parent).free) < NEEDED_BYTES:
            raise StoreError(
                f"the disk that holds {self.folder} is full ({free // 1_000_000} MB free, {NEEDED_BYTES // 1_000_000} "
                "needed): free some space, or choose another folder with --dir or STORES_DIR."
            )
        for left in self.folder.parent.glob("postgres.new-*"):
            left.unlink() if left.is_file() else shutil.rmtree(left, ignore_errors=True)
        half_made = self.folder.with_name(f"postgres.new-{secrets.token_hex(4)}")
        half_made.mkdir(mode=0o700)
        self.account.own(half_made)
        password = half_made.with_suffix(".password")
        password.touch(mode=0o600)
        password.write_text(self.password)
        self.account.own(password)
        try:
            process = await asyncio.create_subprocess_exec(
                *self.account.prefix,
                str(self._programs() / "initdb"),
                f"--pgdata={half_made}",
                f"--username={NAME}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "--lc-messages=C",
                *self._syncing(),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                env=ENVIRONMENT,
                start_new_session=True,
                user=self.account.switched,
                group=self.account.switched,
                extra_groups=self.account.groups,
            )
            try:
                said, _ = await process.communicate()
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
                raise
            if process.returncode:
                raise StoreError(explain_exit(self, said.decode(errors="replace")))
            half_made.rename(self.folder)
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(half_made, ignore_errors=True)

    def _syncing(self) -> list[str]:
        if self.throwaway:
            return ["--no-sync"]
        # One syncfs is several times faster than a thousand fsyncs; only Linux has it.
        return ["--sync-method=syncfs"] if sys.platform == "linux" else []

    def _programs(self) -> Path:
        return self.account.readable(*postgres_folders()) / "bin"

    def command(self) -> list[str]:
        """Return the server's command line."""
        options = {**OPTIONS, "port": str(self.port), **(THROWAWAY if self.throwaway else {})}
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(self._programs() / "postgres"), "-D", str(self.folder), *settings]

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
