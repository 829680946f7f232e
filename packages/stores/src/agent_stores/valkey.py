"""The embedded Valkey: owns the folder `redis`, an append-only file behind a password."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from agent_stores.binaries import valkey_program
from agent_stores.diagnostics import port_taken
from agent_stores.errors import StoreError
from agent_stores.run_as import Account


@dataclass(frozen=True)
class Valkey:
    """One Valkey in one folder."""

    folder: Path
    log: Path
    port: int
    password: str
    account: Account
    throwaway: bool = False
    name: str = "Valkey"
    port_setting: str = "--redis-port or REDIS_PORT"
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def url(self) -> str:
        """What REDIS_URL should say."""
        return f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.port}/0"

    @property
    def pid_file(self) -> Path:
        """Written by Valkey."""
        return self.folder / "valkey.pid"

    @property
    def _settings(self) -> Path:
        return self.folder / "valkey.conf"

    async def prepare(self) -> None:
        """Make the data folder and write the settings, which hold the password, so that no command line does."""
        if not self.folder.exists():
            self.account.check(self.folder)
            self.folder.mkdir(mode=0o700)
            self.account.own(self.folder)
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "dir": _quoted(self.folder),
            "pidfile": _quoted(self.pid_file),
            "requirepass": _quoted(self.password),
            "appendonly": "no" if self.throwaway else "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        new = self._settings.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        self.account.own(new)
        new.replace(self._settings)

    def command(self) -> list[str]:
        """Return the server's command line."""
        program = valkey_program()
        return [str(self.account.readable(program.parent) / program.name), str(self._settings)]

    async def ready(self) -> bool:
        """Return whether it answers and has loaded its data.

        Spoken by hand, two lines of RESP: importing a client would take longer than Valkey takes to start.

        Raises:
            StoreError: somebody else answers there.
        """
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {self.password}\r\nPING\r\n".encode())
            async with asyncio.timeout(5):
                password, ping = await reader.readline(), await reader.readline()
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()
        if password.startswith((b"-WRONGPASS", b"-ERR")):
            raise StoreError(port_taken(self))
        return ping == b"+PONG\r\n"


def _quoted(value: Path | str) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
