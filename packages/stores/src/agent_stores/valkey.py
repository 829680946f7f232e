"""The embedded Valkey: owns the folder `redis`, an append-only file behind a password."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from agent_stores.binaries import valkey_program
from agent_stores.server import Server


@dataclass(frozen=True)
class Valkey(Server):
    """One Valkey in one folder."""

    name = "Valkey"
    port_setting = "--redis-port or REDIS_PORT"
    pid_name = "valkey.pid"
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        """The address for REDIS_URL."""
        return f"redis://default:{quote(self.password, safe='')}@127.0.0.1:{self.port}/0"

    @property
    def _settings(self) -> Path:
        return self.folder / "valkey.conf"

    async def prepare(self) -> None:
        """Make the data folder and write the settings, which hold the password, so that no command line does."""
        if not self.folder.exists():
            self.account.require_reach(self.folder.parent)
            self.folder.mkdir(mode=0o700)
            self.account.own(self.folder)
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "dir": _quoted(self.folder),
            "pidfile": _quoted(self.folder / self.pid_name),
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
        self.account.require_reach(program.parent)
        return [str(program), str(self._settings)]

    async def ready(self) -> bool:
        """Return whether it answers and has loaded its data.

        Spoken by hand, two lines of RESP: importing a client would take longer than Valkey takes to start.
        """
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {self.password}\r\nPING\r\n".encode())
            async with asyncio.timeout(5):
                answers = await reader.readline() + await reader.readline()
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()
        return answers == b"+OK\r\n+PONG\r\n"


def _quoted(value: Path | str) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
